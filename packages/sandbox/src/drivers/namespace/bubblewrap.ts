import type { Layout } from '../../layout/layout.js';
import { finishScript } from './init-script.js';
import type { Mount } from '../../sandbox.js';

/** Own namespaces of every kind, root only inside, gone with its parent; loopback is the only network. */
const NAMESPACES = ['--unshare-all', '--uid', '0', '--gid', '0', '--cap-add', 'ALL', '--die-with-parent', '--new-session', '--hostname', 'deja', '--clearenv'];
const SKELETON = ['--proc', '/proc', '--dev', '/dev', '--perms', '1777', '--tmpfs', '/tmp'];

export function bubblewrapArguments(layout: Layout): readonly string[] {
  const late = [...layout.overlays, ...layout.onTop];
  const staged = new Map<Mount, string>(late.map((mount, index) => [mount, `/.deja/source/${index}`]));
  return [
    ...NAMESPACES,
    ...layout.links.flatMap(({ at, to }) => ['--symlink', to, at]),
    ...SKELETON,
    ...layout.binds.flatMap(bind),
    ...late.flatMap((mount) => bind({ from: mount.from, at: staged.get(mount) ?? mount.at })),
    '/bin/sh',
    '-c',
    finishScript(layout, (mount) => staged.get(mount) ?? mount.at),
  ];
}

function bind({ from, at }: Mount): readonly string[] {
  return ['--ro-bind', from, at];
}

/** The least that shows whether this machine lets us do it. */
export function bubblewrapProbe(): readonly string[] {
  return [...NAMESPACES, '--ro-bind', '/', '/', ...SKELETON, '/bin/sh', '-c', 'mkdir /tmp/a && mount -t tmpfs none /tmp/a && echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start'];
}
