import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { DejaError } from '@deja/format';
import { guestKernel } from '../../image/kernel.js';
import { SYSTEM_PATH } from '../../layout/system-path.js';
import type { ProbeResult } from '../../sandbox.js';
import { tryOut } from '../namespace/probe.js';
import { QEMU, type Accelerator } from './command-line.js';
import { kvmCure, kvmProblem } from '../vm/kvm.js';
import { recallQemu, tryOutQemu } from './trial.js';

const run = promisify(execFile);

export interface QemuProbe {
  readonly accelerator: Accelerator | null;
  /** QEMU's own words. */
  readonly version: string;
  readonly result: ProbeResult;
}

let probed: Promise<QemuProbe> | undefined;

/** What works here; once per process. */
export function probeQemu(): Promise<QemuProbe> {
  return (probed ??= probe());
}

/** Whether it is known to work with KVM; by emulation it is no match for namespaces. */
export function recallQemuWithKvm(): ProbeResult {
  const problem = kvmProblem();
  if (problem !== null) return { works: false, reason: problem };
  const trial = recallQemu();
  if (trial === undefined) return { works: false, reason: 'not tried yet (`deja doctor` does)' };
  const { accelerator, found, ms } = trial.found;
  return accelerator === 'kvm' ? { works: true, how: found.join('; '), ms, triedAt: trial.at } : { works: false, reason: found.join('; '), cure: kvmCure(), triedAt: trial.at };
}

async function probe(): Promise<QemuProbe> {
  for (const [program, option] of [[QEMU, '--version'], ['mkfs.erofs', '--help'], ['setpriv', '--version']] as const) {
    const missing = await tryOut(program, [option]);
    if (missing !== null) return { accelerator: null, version: '', result: { works: false, reason: missing, cure: 'On Debian: apt-get install qemu-system-x86 erofs-utils util-linux' } };
  }
  const { stdout: version } = await run(QEMU, ['--version'], { env: { PATH: SYSTEM_PATH } });
  try {
    const { found: { accelerator, found, ms }, at: triedAt } = await tryOutQemu(await guestKernel());
    const how = found.join('; ');
    if (accelerator === null) return { accelerator, version, result: { works: false, reason: how, triedAt } };
    return { accelerator, version, result: { works: true, how, ms, triedAt, ...(accelerator === 'tcg' && { emulated: true as const }) } };
  } catch (error) {
    if (!(error instanceof DejaError)) throw error;
    return { accelerator: null, version, result: { works: false, reason: error.message, ...(error.hint === undefined ? {} : { cure: error.hint }) } };
  }
}
