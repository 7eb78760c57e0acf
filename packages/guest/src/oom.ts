import { readFileSync } from 'node:fs';

/**
 * How many processes the kernel has killed for want of memory since it started; 0 where it does not tell.
 * A SIGKILL that was not ours, while this number grew, is such a kill: the signal itself does not say so.
 */
export function oomKills(): number {
  try {
    return Number(/^oom_kill (\d+)$/m.exec(readFileSync('/proc/vmstat', 'latin1'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
