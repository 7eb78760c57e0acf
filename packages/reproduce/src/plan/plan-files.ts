import { readFileSync, lstatSync, opendirSync } from 'node:fs';
import { join } from 'node:path';
import { DejaError } from '@deja/format';
import { sha256 } from '@deja/format/writer';

const MIB = 1024 * 1024;
/** As packages have it: the largest file that is read, and how many blobs. */
const FILE_BYTES = 64 * MIB;
const BLOB_COUNT = 10_000;

/** The text of a plan's file. Throws DEJA_PLAN_MISSING, DEJA_PLAN_UNREADABLE. */
export function planText(folder: string, name: string): string {
  return planBytes(join(folder, name)).toString('utf8');
}

/** The blobs of a plan, as base64 by sha256. None where there is no folder of them. Throws DEJA_PLAN_UNREADABLE, DEJA_PLAN_INVALID. */
export function planBlobs(folder: string): Readonly<Record<string, string>> {
  const blobs: Record<string, string> = {};
  let bytes = 0;
  for (const hash of blobNames(folder)) {
    const file = join(folder, hash);
    const content = planBytes(file);
    bytes += content.length;
    if (bytes > FILE_BYTES) throw unreadable(folder, `the blobs have more than ${FILE_BYTES / MIB} MiB`);
    if (sha256(content) !== hash) throw new DejaError('DEJA_PLAN_INVALID', `${file}: a blob is named by the sha256 of its content, and this is not it`, { hint: 'Give the changed content under its new name, and name that in stubs.yaml; or write it there as text or base64.' });
    blobs[hash] = content.toString('base64');
  }
  return blobs;
}

/** Throws DEJA_PLAN_INVALID when something in the file refers to a blob that is not there. */
export function requireBlobs(file: string, value: unknown, blobs: Readonly<Record<string, string>>): void {
  if (typeof value !== 'object' || value === null) return;
  if ('blob' in value && typeof value.blob === 'string' && !Object.hasOwn(blobs, value.blob)) {
    throw new DejaError('DEJA_PLAN_INVALID', `${file}: there is no blob ${value.blob}`, { hint: 'The folder blobs/ holds them, each named by its sha256; copy the whole plan.' });
  }
  for (const part of Object.values(value)) requireBlobs(file, part, blobs);
}

function blobNames(folder: string): readonly string[] {
  if (!lstatSync(folder, { throwIfNoEntry: false })?.isDirectory()) return [];
  const names: string[] = [];
  const listing = opendirSync(folder);
  try {
    for (let entry = listing.readSync(); entry; entry = listing.readSync()) {
      if (names.push(entry.name) > BLOB_COUNT) throw unreadable(folder, `there are more than ${BLOB_COUNT} files`);
    }
  } finally {
    listing.closeSync();
  }
  return names.toSorted();
}

/** Regular files only: a plan may come from anybody, and a link leads to anything. */
function planBytes(file: string): Buffer {
  const stat = lstatSync(file, { throwIfNoEntry: false });
  if (!stat) throw new DejaError('DEJA_PLAN_MISSING', `${file} is missing`, { hint: 'A plan is the whole folder that `deja plan` writes; write it again.' });
  if (!stat.isFile()) throw unreadable(file, 'this is no regular file');
  if (stat.size > FILE_BYTES) throw unreadable(file, `this has more than ${FILE_BYTES / MIB} MiB`);
  try {
    return readFileSync(file);
  } catch (cause) {
    throw unreadable(file, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function unreadable(path: string, why: string, cause?: unknown): DejaError {
  return new DejaError('DEJA_PLAN_UNREADABLE', `${path}: ${why}`, { cause });
}
