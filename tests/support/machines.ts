import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stored } from '@deja/sandbox';

/** A store of virtual machines of a test's own, because it is spoilt or looked at; but kernels are not got twice. */
export function ownStore(cwd: string): string {
  const own = join(cwd, 'cache');
  for (const { kind, name, path } of stored()) if (kind === 'kernel' || kind === 'trial') cpSync(path, join(own, 'vm', name), { recursive: true });
  process.env['DEJA_CACHE'] = own;
  return own;
}

/** Processes that use a store: nobody else's. */
export function machinesOf(store: string): readonly string[] {
  return readdirSync('/proc').filter((name) => {
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, 'latin1');
      return /^qemu-system|\0qemu-system/.test(command) && command.includes(store);
    } catch {
      return false;
    }
  });
}
