import { chmod, copyFile, link, mkdir, rename, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Firecracker } from './binary.js';
import { newIdentity } from './identity.js';
import { jail } from './jail.js';
import type { Traces } from './reaper.js';

/**
 * The folder of one Firecracker process, in which it finds and makes all its files. It names them relative to that folder, for a saved machine
 * remembers the names of its disks and sockets.
 */
export interface Workplace {
  /** As this machine sees it; short enough for sockets. */
  readonly folder: string;
  /** Starts Firecracker in it: the first word is the program. */
  readonly command: readonly string[];
  readonly cwd: string;
  readonly traces: Traces;
  /** Shows a file of this machine in it. */
  bring(file: string, name: string): Promise<void>;
}

/** Names of what is in a workplace. What a machine goes on from is not what it is saved to. */
export const FILE = { api: 'api', vsock: 'vsock', kernel: 'kernel', initramfs: 'initramfs', base: 'base', app: 'app', memory: 'memory', state: 'state', savedMemory: 'saved-memory', savedState: 'saved-state', log: 'log', metrics: 'metrics' } as const;

export const FOLDER_PREFIX = 'deja-fc-';

/** Firecracker's own options, the same everywhere. */
const OPTIONS = ['--api-sock', FILE.api, '--level', 'Warning', '--log-path', FILE.log, '--metrics-path', FILE.metrics];

/** In a jail where we may make one, and a jailer is there; else as the user that we are. */
export async function makeWorkplace(programs: Firecracker, memoryMib: number): Promise<Workplace> {
  const id = newIdentity();
  const folder = join(tmpdir(), FOLDER_PREFIX + id);
  await mkdir(folder, { mode: 0o700 });
  if (programs.jailer !== null && process.getuid?.() === 0) return await jailed({ id, firecracker: programs.firecracker, jailer: programs.jailer, memoryMib }, folder);
  return {
    folder,
    command: [programs.firecracker, ...OPTIONS],
    cwd: folder,
    traces: { uid: 0, cgroup: '', folders: [folder] },
    bring: (file, name) => symlink(file, join(folder, name)),
  };
}

async function jailed(options: Parameters<typeof jail>[0], folder: string): Promise<Workplace> {
  const { command, root, uid, cgroup, folder: jailFolder } = await jail(options);
  // The jail's own path may be longer than that of a socket may be.
  const short = join(folder, 'jail');
  await symlink(root, short);
  return {
    folder: short,
    command: [...command, '--', ...OPTIONS],
    cwd: '/',
    traces: { uid, cgroup, folders: [jailFolder, folder] },
    bring: async (file, name) => {
      const inside = join(root, name);
      // Another file system: a copy.
      await link(file, inside).catch(async () => copyFile(file, inside));
      await chmod(inside, 0o644);
    },
  };
}

/** Takes what Firecracker has written out of its folder, as a file that every jail may read. */
export async function takeOut(file: string, to: string): Promise<void> {
  await chmod(file, 0o644);
  await rename(file, to).catch(async () => copyFile(file, to));
}
