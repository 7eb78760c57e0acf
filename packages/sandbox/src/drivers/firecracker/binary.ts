import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { DejaError } from '@deja/format';
import { installationFolder, readInstallation } from './installation.js';
import { firecrackerRelease } from './release.js';
import { usableVersion } from './version.js';

/** The programs that machines are started with. */
export interface Firecracker {
  /** Absolute path. */
  readonly firecracker: string;
  /** Absolute path; null: there is none beside it. */
  readonly jailer: string | null;
  /** Of both: `1.16.1`. */
  readonly version: string;
  readonly source: 'FIRECRACKER_BIN' | 'setup' | 'PATH';
}

type Found = Omit<Firecracker, 'version'>;

/** By where the program was found: how to get out of it. */
const CURES: Readonly<Record<Firecracker['source'], string>> = {
  FIRECRACKER_BIN: 'Name another in FIRECRACKER_BIN, or unset it and run `deja setup firecracker`.',
  setup: 'Install it again: `deja setup firecracker --force`',
  PATH: 'Run `deja setup firecracker`: what it installs comes before PATH.',
};
const JAILER_CURE = 'Name the jailer of the same release in JAILER_BIN, or run `deja setup firecracker`, which installs both.';

/**
 * The Firecracker to use: the one that `FIRECRACKER_BIN` names, else what `deja setup firecracker` has installed, else the first on PATH. Each is
 * used as it is, and has to be of a usable version; the next is not tried, for that would not be what was asked for.
 *
 * The jailer is the one that `JAILER_BIN` names, else the one beside Firecracker; it has to be of the same version.
 *
 * @throws DejaError DEJA_FIRECRACKER_MISSING, DEJA_FIRECRACKER_UNUSABLE, DEJA_FIRECRACKER_UNSUPPORTED
 */
export async function locateFirecracker({ env = process.env }: { readonly env?: NodeJS.ProcessEnv } = {}): Promise<Firecracker> {
  const found = find(env);
  if (!found) {
    throw new DejaError('DEJA_FIRECRACKER_MISSING', `there is no Firecracker: FIRECRACKER_BIN names none, \`deja setup firecracker\` has not installed one in ${installationFolder(firecrackerRelease(), env)}, and there is none on PATH`, {
      hint: 'Run `deja setup firecracker`.',
    });
  }
  return { ...found, version: await usableVersion(found, { firecracker: CURES[found.source], jailer: JAILER_CURE }) };
}

function find(env: NodeJS.ProcessEnv): Found | undefined {
  const named = env['FIRECRACKER_BIN'];
  if (named) return withJailer(resolve(named), 'FIRECRACKER_BIN', env);
  const folder = installationFolder(firecrackerRelease(), env);
  if (readInstallation(folder)) return withJailer(join(folder, 'firecracker'), 'setup', env);
  const onPath = (env['PATH'] ?? '').split(':').filter(isAbsolute).map((each) => join(each, 'firecracker')).find(isProgram);
  return onPath === undefined ? undefined : withJailer(onPath, 'PATH', env);
}

/** Releases call it `jailer-v1.16.1-x86_64`, installed it is `jailer`. */
function withJailer(firecracker: string, source: Firecracker['source'], env: NodeJS.ProcessEnv): Found {
  const named = env['JAILER_BIN'];
  if (named) return { firecracker, jailer: resolve(named), source };
  const names = [basename(firecracker).replace(/^firecracker/, 'jailer'), 'jailer'].map((name) => join(dirname(firecracker), name));
  return { firecracker, jailer: names.find((path) => path !== firecracker && existsSync(path)) ?? null, source };
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
