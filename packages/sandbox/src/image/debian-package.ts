import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { DejaError } from '@deja/format';
import { SYSTEM_PATH } from '../layout/system-path.js';

const run = promisify(execFile);
const ENV = { PATH: SYSTEM_PATH, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' };

/**
 * Unpacks a Debian package into a folder, without installing it. apt checks it against the signed index of the archive.
 * @throws DejaError DEJA_PACKAGE_UNAVAILABLE
 */
export async function unpackDebianPackage(name: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  try {
    await run('apt-get', ['-qq', '-o', 'APT::Sandbox::User=', 'download', name], { cwd: folder, env: ENV });
    const [file] = readdirSync(folder).filter((entry) => entry.endsWith('.deb'));
    if (file === undefined) throw new Error('apt-get said nothing, and no file is there');
    await run('dpkg-deb', ['-x', file, '.'], { cwd: folder, env: ENV });
  } catch (cause) {
    throw unavailable(name, cause);
  }
}

/** The package that a package which is only a name stands for: `linux-image-cloud-amd64` → the newest kernel. */
export async function dependencyOf(name: string, pattern: RegExp): Promise<string> {
  try {
    const { stdout } = await run('apt-cache', ['depends', '--important', name], { env: ENV });
    const found = stdout.split('\n').map((line) => /^\s*Depends: (\S+)$/.exec(line)?.[1]).find((one) => one !== undefined && pattern.test(one));
    if (found === undefined) throw new Error('the package index does not know it');
    return found;
  } catch (cause) {
    throw unavailable(name, cause);
  }
}

function unavailable(name: string, cause: unknown): DejaError {
  const { stderr, message, code } = cause as { stderr?: string; message: string; code?: unknown };
  const why = code === 'ENOENT' ? 'this system has no apt' : stderr?.trim().split('\n').at(-1) || message;
  return new DejaError('DEJA_SYSTEM_PART_MISSING', `the Debian package ${name} cannot be had: ${why}`, {
    hint: code === 'ENOENT' ? 'Give a kernel and a static busybox yourself: DEJA_KERNEL=/path/to/vmlinux DEJA_BUSYBOX=/path/to/busybox' : 'Run `apt-get update`, then try again.',
    cause,
  });
}
