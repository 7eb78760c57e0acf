import { createHash } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { cacheFolder } from '../../image/cache-folder.js';
import type { Release } from './release.js';

/** What `deja setup firecracker` has put in place. */
export interface Installation {
  readonly version: string;
  readonly architecture: string;
  /** Address or path of the archive. */
  readonly from: string;
  /** SHA-256 of the archive. */
  readonly sha256: string;
  /** SHA-256 of the two programs. */
  readonly programs: Readonly<Record<'firecracker' | 'jailer', string>>;
}

const RECORD = 'installation.json';

/** One release has one place in the cache, beside kernels and engines. */
export function installationFolder({ version, architecture }: Release, env: NodeJS.ProcessEnv): string {
  return join(cacheFolder(env), 'firecracker', `v${version}-${architecture}`);
}

/** Undefined: there is none, or none that was finished. */
export function readInstallation(folder: string): Installation | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, RECORD), 'utf8')) as Installation;
  } catch {
    return undefined;
  }
}

/** Last of all: without it there is no installation. */
export async function writeInstallation(folder: string, installation: Installation): Promise<void> {
  await writeFile(join(folder, RECORD), `${JSON.stringify(installation, null, 2)}\n`);
}

/** Whether both programs are what was installed. */
export async function isWhole(folder: string, { programs }: Installation): Promise<boolean> {
  try {
    const found = await programHashes(folder);
    return found.firecracker === programs.firecracker && found.jailer === programs.jailer;
  } catch {
    return false;
  }
}

export async function programHashes(folder: string): Promise<Installation['programs']> {
  return { firecracker: await hashOf(join(folder, 'firecracker')), jailer: await hashOf(join(folder, 'jailer')) };
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
