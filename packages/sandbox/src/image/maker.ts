import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';

/** This process, as others can tell whether it still runs. */
export function maker(): string {
  return `${placeOfProcesses()}-${process.pid}-${startOf(process.pid) ?? '0'}`;
}

let place: string | undefined;

/** Tells this run of this machine or container from others, in which the same numbers mean other processes. */
export function placeOfProcesses(): string {
  return (place ??= createHash('sha256').update(text(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1'))).update(text(() => readlinkSync('/proc/self/ns/pid'))).digest('hex').slice(0, 8));
}

/** When a process was started, in ticks since the start of the machine: numbers of processes are given again. Undefined: it does not run. */
export function startOf(pid: number): string | undefined {
  // The program's name stands in brackets and may hold anything.
  const fields = text(() => readFileSync(`/proc/${pid}/stat`, 'latin1')).replace(/^.*\) /s, '').split(' ');
  return fields[0] === 'Z' ? undefined : fields[19];
}

function text(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
