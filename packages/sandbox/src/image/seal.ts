import { readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { indexFolder } from './cache-folder.js';
import { stampOf, sumOf } from './file-index.js';
import { draftFor } from './make-once.js';

interface Seal {
  /** What the file system said of the image when its sum was right. */
  readonly stamp: string;
  readonly sum: string;
}

/** Says of an image in making what will have to be in it. */
export function seal(draft: string, image: string): void {
  write(image, { stamp: '', sum: sumOf(draft) });
}

/**
 * Whether an image is what was made; that it is used now is noted. A disk that was full, a copy that was cut off or anything that wrote into it leave one that
 * mounts and gives wrong files. It is read again only where the file system says that something was done to it.
 */
export function isSealed(image: string): boolean {
  const kept = sealOf(image);
  const stat = statSync(image, { bigint: true, throwIfNoEntry: false });
  if (kept === null || stat === undefined || (stampOf(stat) !== kept.stamp && sumOf(image) !== kept.sum)) return false;
  const now = new Date();
  utimesSync(image, now, now);
  write(image, { stamp: stampOf(statSync(image, { bigint: true })), sum: kept.sum });
  return true;
}

/** Throws away an image that is not what it should be, with what was said of it. */
export function discard(image: string): void {
  for (const path of [image, sealPath(image)]) rmSync(path, { force: true });
}

function sealPath(image: string): string {
  return join(indexFolder(), `${basename(image)}.json`);
}

function sealOf(image: string): Seal | null {
  try {
    return JSON.parse(readFileSync(sealPath(image), 'utf8')) as Seal;
  } catch {
    return null;
  }
}

function write(image: string, kept: Seal): void {
  const path = sealPath(image);
  const draft = draftFor(path);
  writeFileSync(draft, JSON.stringify(kept));
  renameSync(draft, path);
}
