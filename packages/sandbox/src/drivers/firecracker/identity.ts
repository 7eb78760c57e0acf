import { randomBytes } from 'node:crypto';
import { readlinkSync } from 'node:fs';

/** What names a machine's folders and cgroup: in it who made them, so that whoever comes later can tell whether they are still needed. */
export function newIdentity(): string {
  return [processNamespace(), process.pid, randomBytes(4).toString('hex')].join('-');
}

/** Whether the process that made this is gone. Of those of other containers that cannot be told. */
export function isOrphan(identity: string): boolean {
  const [namespace, pid] = identity.split('-');
  if (namespace !== processNamespace() || !/^\d+$/.test(pid ?? '')) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

function processNamespace(): string {
  return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';
}
