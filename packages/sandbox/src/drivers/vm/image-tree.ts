import { lstatSync, realpathSync } from 'node:fs';
import { resolveIn } from '../../image/oci/root-folder.js';
import { librariesOf } from '../../image/programs.js';
import type { Tree } from '../../image/tree.js';
import { isWithin } from '../../paths.js';
import type { ImageRoot, Mount, SandboxSpec } from '../../sandbox.js';
import { IMAGE_ROOT } from './image-root.js';

const LOADERS = '/lib64';

/**
 * The application's image when the application comes from a container image: all of that, and where it has not the right Node, this machine's with those
 * libraries that the container image lacks.
 */
export async function imageTree({ node }: Pick<SandboxSpec, 'node'>, { root, uid }: ImageRoot): Promise<Tree> {
  const whole = { from: root, at: IMAGE_ROOT };
  // Without root's rights all unpacked files belong to whoever unpacked them: they shall be the application's.
  const owner = process.getuid?.() === 0 ? {} : { owner: uid };
  if (isWithin(node.from, root)) return { mounts: [whole], ...owner };
  const program = realpathSync(node.from);
  const lacking = (await librariesOf([program])).filter(({ at }) => !isThere(resolveIn(root, at)));
  const mounts = [{ from: program, at: node.at }, ...lacking].map((mount): Mount => ({ from: mount.from, at: IMAGE_ROOT + resolveIn(root, mount.at).slice(root.length) }));
  // Programs name their loader by this path, wherever it lies.
  const links = isThere(root + LOADERS) ? [] : [{ at: IMAGE_ROOT + LOADERS, to: `usr${LOADERS}` }];
  return { mounts: [whole, ...mounts], links, ...owner };
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
