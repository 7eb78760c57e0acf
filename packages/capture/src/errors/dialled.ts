import { isIP } from 'node:net';
import { field, textField } from '../drivers/shared/values.js';

/** The addresses that an error says were dialled in vain: one, or those of each attempt. */
export function dialledInVain(error: unknown): { readonly addresses?: readonly string[] } {
  const members = field(error, 'errors');
  const attempts: readonly unknown[] = Array.isArray(members) ? members : [error];
  const addresses = attempts.flatMap((attempt) => {
    const address = textField(attempt, 'syscall') === 'connect' ? textField(attempt, 'address') : undefined;
    return address !== undefined && isIP(address) !== 0 ? [address] : [];
  });
  return addresses.length === 0 ? {} : { addresses };
}
