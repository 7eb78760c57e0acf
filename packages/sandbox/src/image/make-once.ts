import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { makeFolder } from '@deja/format/writer';
import { orDiskFull } from './disk-full.js';
import { maker, placeOfProcesses, startOf } from './maker.js';

/** What a process that cannot be seen from here left half-made is older than this. */
const ABANDONED_MS = 60 * 60_000;
const MAKER = /^\.draft-([0-9a-f]{8})-(\d+)-(\d+)-/;

/**
 * A file or folder that is made once: whoever asks first makes it under another name, so that it is there whole or not at all.
 * Its time of change is that of its last use, by which old ones are thrown away. Throws what `make` throws, or DEJA_DISK_FULL, with nothing left.
 */
export async function makeOnce(path: string, make: (draft: string) => Promise<void>): Promise<string> {
  if (existsSync(path)) {
    markUsed(path);
    return path;
  }
  const draft = draftFor(path);
  try {
    await make(draft);
    await rename(draft, path);
  } catch (cause) {
    // Somebody else was faster: theirs is as good.
    if (existsSync(path)) return path;
    throw orDiskFull(dirname(path), cause);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return path;
}

/** Puts off the day on which it is thrown away. What somebody else has made may be used as well, though its times are theirs alone. */
export function markUsed(path: string): void {
  const now = new Date();
  try {
    utimesSync(path, now, now);
  } catch (error) {
    if (!['EPERM', 'EACCES', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

const DRAFT = '.draft-';

/** A name beside a path for something in making; the folder is there, and what nobody will finish is gone from it. */
export function draftFor(path: string): string {
  const folder = dirname(path);
  makeFolder(folder);
  sweep(folder);
  return join(folder, `${DRAFT}${maker()}-${randomUUID().slice(0, 8)}-${basename(path)}`);
}

/** Drafts of processes that are gone; those of other machines and containers, whose processes are not seen from here, when they are old. */
function sweep(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(DRAFT)) continue;
    const path = join(folder, name);
    const [, place, pid, start] = MAKER.exec(name) ?? [];
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    const isAbandoned = place === placeOfProcesses() ? startOf(Number(pid)) !== start : age > ABANDONED_MS;
    if (isAbandoned) rmSync(path, { recursive: true, force: true });
  }
}
