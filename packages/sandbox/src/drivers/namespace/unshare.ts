import { dirname } from 'node:path';
import { existsSync, statSync } from 'node:fs';
import type { Mount } from '../../sandbox.js';
import { finishScript, quote } from './init-script.js';
import type { Layout } from '../../layout/layout.js';
import { mountOf, mountsBelow, readMountTable } from '../../layout/mount-table.js';
import type { MountPoint } from '../../layout/mount-table.js';

const OLD_ROOT = '/.old-root';
const DEVICES = ['null', 'zero', 'full', 'random', 'urandom', 'tty'];

const NAMESPACES = ['--user', '--map-root-user', '--mount', '--net', '--pid', '--ipc', '--uts', '--cgroup', '--fork', '--kill-child=KILL'];

/** The same sandbox as with bubblewrap, by util-linux alone: a new root on a tmpfs, made by a shell script, then entered for good. */
export function unshareArguments(layout: Layout): readonly string[] {
  return entering(unshareScript(layout));
}

export function unshareProbe(): readonly string[] {
  return entering('set -e; mount -t tmpfs none /tmp; mount -t proc proc /proc; ip link set lo up; echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start');
}

/** Arguments of `setpriv`: the shell script as the first process of new namespaces, killed when we die. */
function entering(script: string): readonly string[] {
  return ['--pdeathsig', 'KILL', '--no-new-privs', 'unshare', ...NAMESPACES, '/bin/sh', '-c', script];
}

function unshareScript(layout: Layout): string {
  const table = readMountTable();
  const [system, others] = [layout.binds.filter(isSystem), layout.binds.filter((mount) => !isSystem(mount))];
  const before = [
    'set -e',
    // Any folder does as a mount point: it comes free again when the new root is entered.
    'mount -t tmpfs -o mode=755 tmpfs /tmp',
    `mkdir /tmp${OLD_ROOT}`,
    ...layout.links.map(({ at, to }) => `ln -s ${quote(to)} ${quote(`/tmp${at}`)}`),
    ...system.flatMap((mount) => bindLines(mount.from, `/tmp${mount.at}`, mount.from, table)),
    `cd /tmp; pivot_root . .${OLD_ROOT}; cd /`,
    'mkdir -p /proc /dev /tmp; chmod 1777 /tmp; mount -t proc proc /proc',
    'mount -t tmpfs -o mode=1777 tmpfs /tmp',
    'mount -t tmpfs -o mode=755 tmpfs /dev; mkdir /dev/pts /dev/shm; chmod 1777 /dev/shm',
    ...DEVICES.filter((name) => existsSync(`/dev/${name}`)).map((name) => `: > /dev/${name}; mount --bind ${OLD_ROOT}/dev/${name} /dev/${name}`),
    'mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts /dev/pts; ln -s pts/ptmx /dev/ptmx',
    'ln -s /proc/self/fd /dev/fd; ln -s fd/0 /dev/stdin; ln -s fd/1 /dev/stdout; ln -s fd/2 /dev/stderr',
    ...others.flatMap((mount) => bindLines(OLD_ROOT + mount.from, mount.at, mount.from, table)),
    'ip link set lo up; hostname deja 2>/dev/null || true',
  ];
  const leave = [`umount -l ${OLD_ROOT}; rmdir ${OLD_ROOT}`];
  return `${before.join('\n')}\n${finishScript(layout, (mount) => OLD_ROOT + mount.from, leave)}`;
}

/** Programs run while the new root is made: their files have to be there before it is entered. */
function isSystem({ at }: Mount): boolean {
  return at.startsWith('/usr') || at.startsWith('/bin') || at.startsWith('/sbin') || at.startsWith('/lib') || at === '/etc/ld.so.cache';
}

function bindLines(source: string, at: string, from: string, table: readonly MountPoint[]): readonly string[] {
  const place = statSync(from).isDirectory() ? `mkdir -p ${quote(at)}` : `mkdir -p ${quote(dirname(at))}; : > ${quote(at)}`;
  return [
    `${place}; mount --rbind ${quote(source)} ${quote(at)}`,
    readOnly(at, mountOf(from, table)),
    ...mountsBelow(from, table).map((mount) => readOnly(at + mount.path.slice(from.length), mount)),
  ];
}

function readOnly(path: string, mount: MountPoint | undefined): string {
  return `mount -o ${['remount', 'bind', 'ro', ...(mount?.locked ?? [])].join(',')} ${quote(path)}`;
}
