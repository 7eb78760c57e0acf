import { existsSync, lstatSync, mkdtempSync, rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DejaError } from '@deja/format';
import { isWithin } from '../paths.js';
import { cacheFolder } from './cache-folder.js';
import { orDiskFull } from './disk-full.js';

/**
 * The cache folder, after a trial by writing: permissions say too little of file systems that are read-only, or that the kernel makes up (`/proc`). Where the
 * folder is not there yet, the trial is in the nearest above it that is. Nothing stays of it.
 * @throws DejaError DEJA_CACHE_UNUSABLE, DEJA_DISK_FULL
 */
export function usableCacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  const folder = cacheFolder(env);
  // Postgres takes no folder that is called so.
  if (/[\r\n]/.test(folder)) throw unusable(folder, new Error('its name has a line break'));
  try {
    for (const each of [folder, join(folder, 'vm')]) if (each === folder || existsSync(each)) rmdirSync(mkdtempSync(join(nearest(each), '.deja-trial-')));
  } catch (cause) {
    throw unusable(folder, cause);
  }
  return folder;
}

/** What the file system refused of the cache, or what is gone from it, as an error that says so; anything else as it is. */
export function orCacheUnusable(error: unknown, env: NodeJS.ProcessEnv = process.env): unknown {
  const folder = cacheFolder(env);
  const { path, syscall } = error as Partial<NodeJS.ErrnoException>;
  return error instanceof Error && path !== undefined && syscall !== undefined && isWithin(path, folder) ? refused(folder, error) : error;
}

/** A link that leads nowhere is there as well: nothing can be made below it. */
function nearest(path: string): string {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined || dirname(path) === path ? path : nearest(dirname(path));
}

/** Somebody has been at it: what was there when it was looked for is not there any more, or is something else. */
const CHANGED: ReadonlySet<string | undefined> = new Set(['ENOENT', 'EISDIR', 'ENOTEMPTY', 'EEXIST']);

function refused(folder: string, cause: NodeJS.ErrnoException): DejaError {
  if (!CHANGED.has(cause.code)) return unusable(folder, cause);
  return new DejaError('DEJA_CACHE_DAMAGED', `something in the cache ${folder} (DEJA_CACHE) is not as it was left: ${cause.message}`, { hint: 'Try again; `deja image gc --max 0` throws away all that virtual machines are made of.', cause });
}

function unusable(folder: string, error: unknown): DejaError {
  const cause = orDiskFull(folder, error);
  if (cause instanceof DejaError) return cause;
  // Without the call and the path of the trial, which say nothing to who named the folder.
  const why = (cause as Error).message.replace(/, \w+ '.*$/s, '');
  return new DejaError('DEJA_CACHE_UNUSABLE', `the cache ${folder} (DEJA_CACHE) cannot be made or written: ${why}`, { hint: 'Name a folder that you may write to: DEJA_CACHE=DIR', cause });
}
