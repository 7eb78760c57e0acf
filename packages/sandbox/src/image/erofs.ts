import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { DejaError } from '@deja/format';
import { SYSTEM_PATH } from '../layout/system-path.js';
import { indexFolder, vmFolder } from './cache-folder.js';
import { orDiskFull } from './disk-full.js';
import { FileIndex, SETTLED_MS } from './file-index.js';
import { makeOnce } from './make-once.js';
import { discard, isSealed, seal } from './seal.js';
import { layOut, type Tree } from './tree.js';
import { treeKey } from './tree-key.js';

const run = promisify(execFile);
/** Raise when the same tree gives another image. */
const VERSION = 2;
const NO_UUID = '00000000-0000-0000-0000-000000000000';
/** How often an application may change while it is read. */
const ATTEMPTS = 5;

/**
 * The base is made once for many applications: small, in pieces of 16 KiB, which cost a guest little more than those of 4 KiB. An application's image is made
 * after each of its changes: quickly.
 */
const COMPRESSION = { base: ['-zlz4hc,6', '-C16384'], app: ['-zlz4'] } as const;

export interface Image {
  readonly path: string;
  readonly key: string;
  readonly bytes: number;
}

/**
 * A read-only file system image of a tree, made unless one with the same contents is there already, whole.
 * @throws DejaError DEJA_IMAGE_FAILED, DEJA_DISK_FULL, DEJA_SYSTEM_PART_MISSING; nothing is left of what failed
 */
export async function erofsImage(kind: keyof typeof COMPRESSION, tree: Tree): Promise<Image> {
  try {
    return await upToDate(kind, tree);
  } catch (cause) {
    throw failed(kind, cause);
  }
}

async function upToDate(kind: keyof typeof COMPRESSION, tree: Tree): Promise<Image> {
  const index = new FileIndex(join(indexFolder(), `${kind}-${placesOf(tree)}.json`));
  let key = treeKey(tree, index);
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const path = join(vmFolder(), `${kind}-${VERSION}-${key}.erofs`);
    if (isSealed(path)) {
      index.save();
      return { path, key: `${VERSION}-${key}`, bytes: (await stat(path)).size };
    }
    discard(path);
    const before = key;
    await makeOnce(path, async (draft) => {
      await make(draft, tree, COMPRESSION[kind]);
      // What was linked looks changed, and what changes while it is read must not be kept under the wrong name.
      await sleep(SETTLED_MS);
      key = treeKey(tree, index);
      if (key === before) seal(draft, path);
      else await rm(draft);
    }).catch((cause: unknown) => {
      if (key === before) throw cause;
    });
  }
  throw new DejaError('DEJA_IMAGE_FAILED', `the ${kind} image cannot be made: its files change faster than they are read`, { hint: 'Stop what writes into the application\'s folder, then try again.' });
}

async function make(draft: string, tree: Tree, compression: readonly string[]): Promise<void> {
  const staged = `${draft}.tree`;
  try {
    await mkdir(staged, { recursive: true });
    layOut(tree, staged);
    const owner = tree.owner === undefined ? [] : [`--force-uid=${tree.owner}`, `--force-gid=${tree.owner}`];
    await run('mkfs.erofs', [...compression, ...owner, '-Eztailpacking', '-T0', '-x-1', `-U${NO_UUID}`, '--quiet', draft, staged], { env: { PATH: SYSTEM_PATH } });
  } finally {
    await rm(staged, { recursive: true, force: true });
  }
}

/** By which the index of one application is told from another's. */
function placesOf({ mounts }: Tree): string {
  return createHash('sha256').update(JSON.stringify(mounts.map(({ from }) => from))).digest('hex').slice(0, 12);
}

function failed(kind: string, error: unknown): DejaError {
  const cause = orDiskFull(vmFolder(), error);
  if (cause instanceof DejaError) return cause;
  const { code, stderr, message, syscall } = cause as { code?: unknown; stderr?: string; message: string; syscall?: string };
  if ((code === 'ENOENT' || code === 'EACCES') && syscall?.startsWith('spawn')) return new DejaError('DEJA_SYSTEM_PART_MISSING', 'mkfs.erofs is not installed: images of virtual machines cannot be made', { hint: 'On Debian: apt-get install erofs-utils', cause });
  const why = stderr?.trim().split('\n').at(-1) || message;
  return new DejaError('DEJA_IMAGE_FAILED', `the ${kind} image cannot be made: ${why}`, { hint: 'The folder of images is DEJA_CACHE, by default .deja/cache.', cause });
}
