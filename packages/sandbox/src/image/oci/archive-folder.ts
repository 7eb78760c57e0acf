import { existsSync, linkSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { cannotUnpack } from './archive-error.js';
import type { Budget } from './budget.js';
import { newFile } from './new-file.js';
import { unpackedBytes } from './packed-file.js';
import { readTar, type Sink, type TarEntry } from './tar-reader.js';

/** The names of an image layout and of a `docker save` archive, as they are or in one folder. */
const NAME = /^(?:[\w-][\w.-]*\/){0,3}[\w-][\w.-]*$/;

/**
 * Unpacks an archive of images, whose layers stay packed, into a folder that is there and empty.
 * Throws DEJA_IMAGE_ARCHIVE_INVALID, DEJA_IMAGE_TOO_LARGE.
 */
export async function unpackArchive(archive: string, file: string, folder: string, budget: Budget): Promise<void> {
  const links = new Map<string, string>();
  const receive = ({ path, type, target }: TarEntry): Sink | undefined => {
    budget.countEntry();
    const name = path.replace(/^(?:\.?\/)+/, '');
    if (!NAME.test(name)) return undefined;
    // `docker save` wrote a layer that two images share once, and a link to it.
    if (type === 'link') links.set(name, posix.join(dirname(name), target));
    if (type !== 'file') return undefined;
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    return newFile(join(folder, name));
  };
  try {
    await readTar(unpackedBytes(file, budget), receive);
    for (const [name, target] of links) if (NAME.test(target) && existsSync(join(folder, target)) && !existsSync(join(folder, name))) link(join(folder, target), join(folder, name));
  } catch (cause) {
    throw cannotUnpack(archive, 'it cannot be read to its end', cause as Error);
  }
}

/** The folder in which the images are described: this one, or the only one in it. Undefined: none is. */
export function imageFolder(folder: string): string | undefined {
  const inside = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [folder, ...(inside.length === 1 ? inside.map(({ name }) => join(folder, name)) : [])].find((each) => isLayout(each) || existsSync(join(each, 'manifest.json')));
}

/** As OCI says what an image layout is. */
export function isLayout(folder: string): boolean {
  return existsSync(join(folder, 'oci-layout')) && existsSync(join(folder, 'index.json'));
}

function link(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  linkSync(from, to);
}
