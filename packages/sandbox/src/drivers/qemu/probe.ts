import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { ProbeResult } from '../../sandbox.js';
import { tryOut } from '../namespace/probe.js';

const run = promisify(execFile);

export interface QemuProbe {
  readonly accelerator: 'kvm' | 'tcg' | null;
  /** QEMU's own words. */
  readonly version: string;
  readonly result: ProbeResult;
}

let probed: Promise<QemuProbe> | undefined;

/** What works here; once per process. */
export function probeQemu(): Promise<QemuProbe> {
  return (probed ??= probe());
}

async function probe(): Promise<QemuProbe> {
  const began = performance.now();
  for (const [program, option] of [['qemu-system-x86_64', '--version'], ['mkfs.erofs', '--help'], ['setpriv', '--version']] as const) {
    const missing = await tryOut(program, [option]);
    if (missing !== null) return { accelerator: null, version: '', result: { works: false, reason: missing, cure: 'On Debian: apt-get install qemu-system-x86 erofs-utils util-linux' } };
  }
  const { stdout } = await run('qemu-system-x86_64', ['--version']);
  return { accelerator: 'tcg', version: stdout, result: { works: true, how: 'by emulation', ms: performance.now() - began } };
}
