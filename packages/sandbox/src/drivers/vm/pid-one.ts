import { APP_CGROUP } from '@deja/guest';
import { USE_IMAGE_ROOT } from './image-root.js';

/** What the guest's kernel calls the port of the agent, where it is one of virtio-serial. */
export const AGENT_PORT = 'deja.agent';
/** Where the guest listens for the host, where that connects by vsock. Any number above 1023. */
export const AGENT_VSOCK_PORT = 1024;

/** What carries the protocol into the guest: QEMU's virtio-serial keeps its connection when a machine goes on from a saved state; Firecracker's vsock makes new ones. */
export type Channel = 'serial' | 'vsock';

/** Node cannot listen on a vsock: this program hands its connections on. */
export const VSOCK_BRIDGE = 'socat';
const AGENT_SOCKET = '/run/deja-agent';

const MAX_PROCESSES = 1024;
/** What agent, stubs and engines need beside the application. */
const AGENT_KIB = 256 * 1024;

/** Runs the agent; its words are the arguments. `$log`: where what is no part of the protocol goes. */
const AGENT: Readonly<Record<Channel, string>> = {
  serial: `
port=$1; shift
"$@" <>"$port" >&0 2>"$log" &
agent=$!
`,
  vsock: `
"$@" ${AGENT_SOCKET} </dev/null >"$log" 2>&1 &
agent=$!
until [ -S ${AGENT_SOCKET} ]; do kill -0 $agent || break; usleep 2000; done
${VSOCK_BRIDGE} VSOCK-LISTEN:${AGENT_VSOCK_PORT},reuseaddr,fork UNIX-CONNECT:${AGENT_SOCKET} </dev/null >"$log" 2>&1 &
`,
};

/** For the application: processes, and memory and processor so that the agent always has some. */
const BOUNDS = `
bounds=${APP_CGROUP}
echo '+pids +memory +cpu' > /sys/fs/cgroup/cgroup.subtree_control && mkdir $bounds
echo ${MAX_PROCESSES} > $bounds/pids.max
echo $((($(sed -n 's/^MemTotal: *\\([0-9]*\\).*/\\1/p' /proc/meminfo) - ${AGENT_KIB}) * 1024)) > $bounds/memory.max
echo 20 > $bounds/cpu.weight
`;

/**
 * The first process of a virtual machine, a script for busybox's shell: the network, the agent, and reaping what nobody else waits for.
 */
export function pidOne(channel: Channel): string {
  return `#!/bin/busybox sh
# The agent's own files are on a disk of its own: the application may fill its.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TMPDIR=/run
log=/dev/console
{ : > $log; } 2>/dev/null || log=/dev/null
ip link set lo up
ip route add local 0.0.0.0/0 dev lo 2>/dev/null
echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start
hostname deja
${BOUNDS.trim()}
${USE_IMAGE_ROOT.trim()}
${AGENT[channel].trim()}
# The shell reaps every process whose parent is gone while it waits.
while kill -0 $agent 2>/dev/null; do wait $agent; done
exec reboot -f
`;
}

/** Puts the port's device before the agent's words. */
const FIND_PORT = `
port=
tries=0
until [ -n "$port" ]; do
  for one in /new/sys/class/virtio-ports/*; do [ "$(cat $one/name 2>/dev/null)" = ${AGENT_PORT} ] && port=/dev/\${one##*/}; done
  [ -n "$port" ] || { tries=$((tries + 1)); [ $tries -lt 500 ] || die "the agent's port did not appear"; usleep 10000; }
done
`;

/**
 * The program of the initramfs: loads modules, mounts the images, and hands over to the first process.
 * \`drives\`: by the order in which the machine has them, the application's last.
 */
export function initScript(channel: Channel, modules: readonly string[], command: readonly string[], pidOnePath: string): string {
  const words = command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  return `#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
die() { echo "deja: $*" > /dev/console; reboot -f; }
for module in ${modules.join(' ')}; do insmod /modules/$module.ko || die "the module $module cannot be loaded"; done
tries=0
until [ -b /dev/vdb ]; do tries=$((tries + 1)); [ $tries -lt 500 ] || die 'the disks did not appear'; usleep 10000; done
mkdir -p /layers/base /layers/app /new
mount -t erofs -o ro /dev/vda /layers/base || die 'the base image cannot be mounted'
mount -t erofs -o ro /dev/vdb /layers/app || die "the application's image cannot be mounted"
mount -t tmpfs -o mode=755 tmpfs /rw
mkdir /rw/data /rw/work
mount -t overlay -o lowerdir=/layers/app:/layers/base,upperdir=/rw/data,workdir=/rw/work overlay /new || die 'the layers cannot be mounted'
mount --move /proc /new/proc
mount --move /sys /new/sys
mount --move /dev /new/dev
mkdir -p /new/dev/pts /new/dev/shm
mount -t tmpfs -o mode=755,size=25% tmpfs /new/run
mount -t cgroup2 cgroup2 /new/sys/fs/cgroup
mount -t devpts -o ptmxmode=0666,mode=620 devpts /new/dev/pts
mount -t tmpfs -o mode=1777 tmpfs /new/dev/shm
chmod 1777 /new/tmp /new/var/tmp
ln -s /proc/self/fd /new/dev/fd 2>/dev/null
${channel === 'serial' ? FIND_PORT.trim() : ''}
exec switch_root /new /bin/busybox sh ${pidOnePath} ${channel === 'serial' ? '$port ' : ''}${words}
`;
}
