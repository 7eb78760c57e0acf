import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DejaError, type ErrorPackage } from '@deja/format';
import { resolveIn, type UnpackedImage } from '@deja/sandbox';
import { installationOf } from './app.js';
import { codeDifferences, locateNode, type LocatedApp, type LocatedNode, type RecordedNode } from './locate.js';

/** More than any Node. */
const MAX_PROGRAM = 1024 ** 3;

/** Where the application is in a container image: in the recorded place. Throws DEJA_APP_MISSING when it is not there. */
export function locateAppIn(image: UnpackedImage, { context }: ErrorPackage): LocatedApp {
  const recorded = installationOf(context.process.root);
  const folder = resolveIn(image.root, recorded);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new DejaError('DEJA_APP_MISSING', `the image ${image.name} has no folder ${recorded}, in which the application was recorded`, {
      hint: 'Take the image that the recorded release was deployed from; or name the folder of its code: --app DIR',
    });
  }
  const { entry, root } = context.process;
  if (entry === undefined || !entry.startsWith(`${recorded}/`)) return { folder, differences: [], changedCode: true };
  const code = { manifest: resolveIn(image.root, join(root, 'package.json')), entry: resolveIn(image.root, entry) };
  return { folder, differences: codeDifferences(code, context.application), changedCode: true };
}

/**
 * A Node to run the application with all of its image: the image's own where that is the recorded one, else this machine's of the recorded version, else the
 * image's own whatever it is. Throws DEJA_NODE_MISSING.
 */
export function locateNodeFor(image: UnpackedImage, recorded: RecordedNode, searchPath: string): LocatedNode {
  const own = resolveIn(image.root, recorded.path);
  const stat = statSync(own, { throwIfNoEntry: false });
  if (!stat?.isFile() || stat.size > MAX_PROGRAM || (stat.mode & 0o111) === 0) return locateNode(recorded, searchPath);
  if (isOfVersion(own, recorded.version)) return { node: own };
  const here = onThisMachine(recorded, searchPath);
  return here?.difference === undefined && here !== undefined ? here : { node: own, difference: `recorded was Node ${recorded.version}, and ${recorded.path} of ${image.name} is another` };
}

/** Programs of images are not run here, not even to ask for their version: it is in what every Node tells debuggers of itself. */
function isOfVersion(program: string, version: string): boolean {
  return readFileSync(program).includes(`node.js/v${version.replace(/^v/, '')}\0`);
}

function onThisMachine(recorded: RecordedNode, searchPath: string): LocatedNode | undefined {
  try {
    return locateNode(recorded, searchPath);
  } catch (error) {
    if (error instanceof DejaError && error.code === 'DEJA_NODE_MISSING') return undefined;
    throw error;
  }
}
