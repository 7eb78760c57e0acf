import { accessSync, constants, existsSync } from 'node:fs';

const DEVICE = '/dev/kvm';

/** Why there is no use in trying KVM; null: it has to be tried, for a device file proves nothing. */
export function kvmProblem(): string | null {
  if (!existsSync(DEVICE)) return `there is no ${DEVICE}`;
  return mayOpen() ? null : `no permission for ${DEVICE} (join the group that owns it)`;
}

/** What makes KVM work, or else what to do without. */
export function kvmCure(): string {
  if (existsSync(DEVICE) && !mayOpen()) return 'Join the group that owns /dev/kvm (usermod -aG kvm USER, then log in again), or be root. Without KVM: --sandbox qemu';
  return 'KVM works on machines of their own (a bare-metal instance, with virtualisation switched on in the firmware) and in virtual machines whose host allows nested virtualisation. Without KVM: --sandbox qemu';
}

function mayOpen(): boolean {
  try {
    accessSync(DEVICE, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
