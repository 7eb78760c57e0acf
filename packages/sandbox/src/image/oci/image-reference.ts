import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { isLayout } from './archive-folder.js';
import { packingOf } from './packed-file.js';

/** A container image that somebody named: `FILE`, `FOLDER`, or either with `#TAG`. */
export interface ImageReference {
  /** Of an archive, or of the folder of an image layout. */
  readonly path: string;
  /** Which of its images. */
  readonly tag?: string;
}

/** Undefined: what is named is no container image, but a folder with an application, or nothing. */
export function imageReference(named: string): ImageReference | undefined {
  if (isImage(named)) return { path: resolve(named) };
  const at = named.lastIndexOf('#');
  const [path, tag] = [named.slice(0, at), named.slice(at + 1)];
  return at > 0 && tag !== '' && !existsSync(named) && isImage(path) ? { path: resolve(path), tag } : undefined;
}

function isImage(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && ((stat.isFile() && packingOf(path) !== undefined) || (stat.isDirectory() && isLayout(path)));
}
