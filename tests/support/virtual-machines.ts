import { probeSandbox } from '@deja/sandbox';

const qemu = await probeSandbox('qemu');

/**
 * Why a failure that is reproduced in namespaces is not tested in a virtual machine as well, for the title of what is skipped; empty where it is.
 * Under emulation each takes half a minute: every `npm test` does one of a kind, EVERY_VM=1 does all.
 */
export function withoutMachine({ oneOfAKind }: { readonly oneOfAKind: boolean }): string {
  if (!qemu.works) return ` (skipped: ${qemu.reason}${qemu.cure === undefined ? '' : `; ${qemu.cure}`})`;
  return oneOfAKind || process.env['EVERY_VM'] === '1' ? '' : ' (skipped: EVERY_VM is not 1)';
}
