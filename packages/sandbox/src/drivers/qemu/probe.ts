import type { ProbeResult } from '../../sandbox.js';
import { tryOut } from '../namespace/probe.js';

export interface QemuProbe {
  readonly accelerator: 'kvm' | 'tcg' | null;
  readonly result: ProbeResult;
}

let probed: Promise<QemuProbe> | undefined;

export function probeQemu(): Promise<QemuProbe> {
  return (probed ??= probe());
}

async function probe(): Promise<QemuProbe> {
  const began = performance.now();
  const missing = await tryOut('qemu-system-x86_64', ['--version']);
  if (missing !== null) return { accelerator: null, result: { works: false, reason: missing, cure: 'On Debian: apt-get install qemu-system-x86 erofs-utils' } };
  return { accelerator: 'tcg', result: { works: true, how: 'by emulation', ms: performance.now() - began } };
}
