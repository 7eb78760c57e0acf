import { readdirSync, readFileSync } from 'node:fs';

/**
 * Kills every process that has a variable in its environment: children of the application that left its process group.
 * Only for places without a process namespace, and only as far as the system shows environments (Linux).
 */
export function killStrays(variable: string, value: string): void {
  if (process.platform !== 'linux') return;
  const entry = `${variable}=${value}`;
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    try {
      if (readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(entry)) process.kill(pid, 'SIGKILL');
    } catch {
      // Gone by now, or somebody else's.
    }
  }
}
