import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { vmFolder } from '../../image/cache-folder.js';

/** A folder in which Firecracker is root of nothing, as a user of its own, with bounds. */
export interface Jail {
  readonly command: readonly string[];
  /** What it sees as `/`; made by the jailer. */
  readonly root: string;
  /** All that the jailer makes on the disk. */
  readonly folder: string;
  readonly uid: number;
  /** '': this machine has no cgroups of version 2 to use. */
  readonly cgroup: string;
}

/** Numbers of users that nobody else has: above those that systems give to people, services and containers. */
const FIRST_UID = 0x4000_0000;
const MIB = 1024 * 1024;
/** Beside the guest's memory: Firecracker itself, the kernel's tables. */
const OVERHEAD_MIB = 128;
const CGROUPS = '/sys/fs/cgroup';
const PARENT = 'deja';

/** What the jailer is told. It copies Firecracker into the jail, and needs root. */
export async function jail({ id, firecracker, jailer, memoryMib }: { readonly id: string; readonly firecracker: string; readonly jailer: string; readonly memoryMib: number }): Promise<Jail> {
  const uid = FIRST_UID + randomBytes(4).readUInt32LE() % FIRST_UID;
  const base = jailsFolder();
  await mkdir(base, { recursive: true, mode: 0o700 });
  const folder = join(base, basename(firecracker), id);
  const bounded = hasCgroups();
  return {
    command: [
      // Not the jailer's --new-pid-ns: that leaves nobody who would see Firecracker end.
      'unshare', '--pid', '--fork', '--kill-child', '--', jailer, '--id', id, '--exec-file', firecracker, '--uid', String(uid), '--gid', String(uid), '--chroot-base-dir', base,
      ...(bounded ? ['--cgroup-version', '2', '--parent-cgroup', PARENT, ...boundsOf(memoryMib).flatMap((bound) => ['--cgroup', bound])] : []),
      // Its memory is the largest file that it writes.
      '--resource-limit', `fsize=${(memoryMib + 64) * MIB}`, '--resource-limit', 'no-file=256',
    ],
    root: join(folder, 'root'),
    folder,
    uid,
    cgroup: bounded ? cgroupOf(id) : '',
  };
}

/** Twice the memory: what it writes of it to a file system in memory counts as well. */
function boundsOf(memoryMib: number): readonly string[] {
  return [`memory.max=${(2 * memoryMib + OVERHEAD_MIB) * MIB}`, 'pids.max=64'];
}

function hasCgroups(): boolean {
  const file = join(CGROUPS, 'cgroup.controllers');
  if (!existsSync(file)) return false;
  const controllers = readFileSync(file, 'utf8').trim().split(' ');
  return ['memory', 'pids'].every((one) => controllers.includes(one));
}

export function jailsFolder(): string {
  return join(vmFolder(), 'jails');
}

export function cgroupOf(id: string): string {
  return join(CGROUPS, PARENT, id);
}
