import { execFile } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { SYSTEM_PATH } from '../layout/system-path.js';
import type { Mount } from '../sandbox.js';

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

/** The shared libraries that programs or libraries load, with those that these load, and the loader itself. */
export async function librariesOf(files: readonly string[]): Promise<readonly Mount[]> {
  const libraries = new Map<string, Mount>();
  for (const file of files) {
    for (const path of await loadedBy(file)) libraries.set(placeOf(path), { from: realpathSync(path), at: placeOf(path) });
  }
  return [...libraries.values()];
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
