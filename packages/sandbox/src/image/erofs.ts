import { execFile } from 'node:child_process';
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DejaError } from '@deja/format';
import { SYSTEM_PATH } from '../layout/system-path.js';
import { vmFolder } from './cache-folder.js';
import { makeOnce } from './make-once.js';
import { fingerprint, layOut, type Tree } from './tree.js';

const run = promisify(execFile);
/** Raise when the same tree gives another image. */
const VERSION = 1;
/** Where the description of an EROFS file system begins, and how. */
const SUPERBLOCK = 1024;
const MAGIC = 0xe0f5e1e2;
const NO_UUID = '00000000-0000-0000-0000-000000000000';

export interface Image {
  readonly path: string;
  readonly key: string;
  readonly bytes: number;
}

/**
 * A read-only file system image of a tree, made unless it is there already.
 * @param kind the beginning of its name: `base`, `app`
 * @throws DejaError DEJA_IMAGE_FAILED, DEJA_SYSTEM_PART_MISSING
 */
export async function erofsImage(kind: string, tree: Tree): Promise<Image> {
  const key = `${VERSION}-${fingerprint(tree)}`;
  const path = join(vmFolder(), `${kind}-${key}.erofs`);
  if (!isWhole(path)) await rm(path, { force: true });
  await makeOnce(path, async (draft) => {
    const staged = `${draft}.tree`;
    try {
      await mkdir(staged, { recursive: true });
      layOut(tree, staged);
      await run('mkfs.erofs', ['-zlz4', '-T0', `-U${NO_UUID}`, '--quiet', draft, staged], { env: { PATH: SYSTEM_PATH } });
    } catch (cause) {
      throw failed(kind, cause);
    } finally {
      await rm(staged, { recursive: true, force: true });
    }
  });
  return { path, key, bytes: (await stat(path)).size };
}

/** A disk that was full, or a copy that was cut off, leaves an image that mounts and lacks files. */
function isWhole(path: string): boolean {
  const bytes = statSync(path, { throwIfNoEntry: false })?.size;
  if (bytes === undefined) return true;
  if (bytes < SUPERBLOCK + 128) return false;
  const head = Buffer.alloc(128);
  const file = openSync(path, 'r');
  try {
    readSync(file, head, 0, head.length, SUPERBLOCK);
  } finally {
    closeSync(file);
  }
  return head.readUInt32LE(0) === MAGIC && bytes >= head.readUInt32LE(36) * 2 ** head.readUInt8(12);
}

function failed(kind: string, cause: unknown): DejaError {
  if (cause instanceof DejaError) return cause;
  const { code, stderr, message } = cause as { code?: unknown; stderr?: string; message: string };
  if (code === 'ENOENT') return new DejaError('DEJA_SYSTEM_PART_MISSING', 'mkfs.erofs is not installed: images of virtual machines cannot be made', { hint: 'On Debian: apt-get install erofs-utils', cause });
  const why = stderr?.trim().split('\n').at(-1) || message;
  return new DejaError('DEJA_IMAGE_FAILED', `the ${kind} image cannot be made: ${why}`, { hint: /space/i.test(why) ? '`deja image gc` frees what is not needed.' : 'The folder of images is DEJA_CACHE, by default .deja/cache.', cause });
}
