import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { SYSTEM_PATH } from '../layout/system-path.js';
import type { Mount } from '../sandbox.js';
import { indexFolder } from './cache-folder.js';
import { stampOf } from './file-index.js';
import { makeOnce } from './make-once.js';

const run = promisify(execFile);
const FOLDERS = SYSTEM_PATH.split(':');

/**
 * What the agent and Deja's engines call, and what shell scripts of applications take for granted. Busybox has the rest.
 * Those that this machine lacks are left out.
 */
const PROGRAMS = [
  'sh', 'bash', 'env', 'cat', 'cp', 'mkdir', 'rm', 'ls', 'ln', 'mv', 'chmod', 'chown', 'sleep', 'uname', 'id', 'test', 'printf', 'true', 'false', 'sed', 'grep', 'tar',
  'setpriv', 'unshare', 'ip', 'mount', 'umount', 'hostname',
];

/** Programs of this machine, where they are, with the libraries that they load: the usual ones, and others by name. */
export async function systemPrograms(others: readonly string[]): Promise<readonly Mount[]> {
  const found = [...PROGRAMS, ...others].flatMap((name) => FOLDERS.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? []);
  const mounts = found.map((path) => ({ from: realpathSync(path), at: placeOf(path) }));
  return [...mounts, ...(await librariesOf(mounts.map(({ from }) => from)))];
}

/** Links for those of busybox's programs that are not among the others. */
export async function busyboxLinks(busybox: string, others: readonly Mount[]): Promise<readonly { readonly at: string; readonly to: string }[]> {
  const { stdout } = await run(busybox, ['--list']);
  const there = new Set(others.map(({ at }) => basename(at)));
  return stdout.split('\n').filter((name) => name !== '' && !there.has(name)).map((name) => ({ at: `/usr/bin/${name}`, to: 'busybox' }));
}

/** The shared libraries that programs or libraries load, with those that these load, and the loader itself. Asked for again when one of the files or the system's libraries changed. */
export async function librariesOf(files: readonly string[]): Promise<readonly Mount[]> {
  const stamps = [...files, '/etc/ld.so.cache'].map((path) => [path, statSync(path, { bigint: true, throwIfNoEntry: false })] as const).map(([path, stat]) => [path, stat && stampOf(stat)]);
  const key = createHash('sha256').update(JSON.stringify(stamps)).digest('hex').slice(0, 16);
  const known = await makeOnce(join(indexFolder(), `libraries-${key}.json`), async (draft) => writeFile(draft, JSON.stringify(await askFor(files))));
  const paths = JSON.parse(readFileSync(known, 'utf8')) as readonly string[];
  return paths.every((path) => existsSync(path)) ? mountsOf(paths) : mountsOf(await askFor(files));
}

function mountsOf(paths: readonly string[]): readonly Mount[] {
  return [...new Map(paths.map((path) => [placeOf(path), { from: realpathSync(path), at: placeOf(path) }])).values()];
}

async function askFor(files: readonly string[]): Promise<readonly string[]> {
  return (await Promise.all(files.map(loadedBy))).flat();
}

async function loadedBy(file: string): Promise<readonly string[]> {
  try {
    const { stdout } = await run('ldd', [file], { env: { PATH: SYSTEM_PATH, LC_ALL: 'C' } });
    return stdout.split('\n').map((line) => /(?:=> )?(\/\S+) \(0x/.exec(line)?.[1]).filter((path) => path !== undefined);
  } catch {
    // Linked statically, or no program at all: a script.
    return [];
  }
}

/** `/lib` is a link to `/usr/lib` on most systems: files lie where the links lead. */
function placeOf(path: string): string {
  return join(realpathSync(dirname(path)), basename(path));
}
