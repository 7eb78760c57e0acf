import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The control group of the application, where the machine is the sandbox's own and has made one. */
export const APP_CGROUP = '/sys/fs/cgroup/app';

/** Puts a process, and all that it will start, under the bounds of the application. */
export function putUnderBounds(pid: number): void {
  const members = join(APP_CGROUP, 'cgroup.procs');
  if (existsSync(members)) writeFileSync(members, String(pid));
}
