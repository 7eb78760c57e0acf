import { join, relative } from 'node:path';
import { imageReference, resolveIn, unpackImage, type Sandbox, type UnpackedImage } from '@deja/sandbox';
import { locateAppIn, locateNodeFor } from '../plan/locate-in-image.js';
import { locateApp, locateNode, type LocatedApp, type LocatedNode } from '../plan/locate.js';
import { checkMainScript } from '../plan/main-script.js';
import type { PlanInMaking } from '../plan/plan.js';

/** What is run: the application's code, and the Node that runs it. */
export interface Located {
  readonly app: LocatedApp;
  readonly node: LocatedNode;
  /** Where the code is in a container image. */
  readonly image?: UnpackedImage;
}

export interface LocateOptions {
  readonly app?: string;
  readonly searchPath: string;
  /** Called where an image has to be unpacked, which takes a while. */
  readonly onUnpack?: (name: string) => void;
}

/**
 * Finds what is to be run, and unpacks the container image that it is in. Only virtual machines run programs of that; elsewhere this machine's Node runs the code.
 * Throws DejaError when application or Node are missing, or the image is of no use.
 */
export async function locate({ recording, app }: PlanInMaking, { app: given, searchPath, onUnpack }: LocateOptions, isolation: () => Promise<Sandbox['isolation']>): Promise<Located> {
  const reference = given === undefined ? undefined : imageReference(given);
  if (reference === undefined) {
    const located = locateApp(recording, given);
    checkMainScript(recording, app, `the application's folder ${located.folder}`, (path) => join(located.folder, relative(app.folder, path)));
    return { app: located, node: locateNode(app.node, searchPath) };
  }
  const inMachine = (await isolation()) === 'virtual machine';
  const image = await unpackImage(reference, { owners: inMachine ? 'kept' : 'own', ...(onUnpack && { onUnpack }) });
  const located = locateAppIn(image, recording);
  checkMainScript(recording, app, `the image ${image.name}`, (path) => resolveIn(image.root, path));
  return { image, app: located, node: inMachine ? locateNodeFor(image, app.node, searchPath) : locateNode(app.node, searchPath) };
}
