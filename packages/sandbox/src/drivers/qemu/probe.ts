import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { DejaError } from '@deja/format';
import { guestKernel } from '../../image/kernel.js';
import { SYSTEM_PATH } from '../../layout/system-path.js';
import type { ProbeResult } from '../../sandbox.js';
import { tryOut } from '../namespace/probe.js';
import type { Accelerator } from './command-line.js';
import { tryOutQemu } from './trial.js';

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

async function probe(): Promise<QemuProbe> {
  for (const [program, option] of [['qemu-system-x86_64', '--version'], ['mkfs.erofs', '--help'], ['setpriv', '--version']] as const) {
    const missing = await tryOut(program, [option]);
    if (missing !== null) return { accelerator: null, version: '', result: { works: false, reason: missing, cure: 'On Debian: apt-get install qemu-system-x86 erofs-utils util-linux' } };
  }
  const { stdout: version } = await run('qemu-system-x86_64', ['--version'], { env: { PATH: SYSTEM_PATH } });
  try {
    const { accelerator, found, ms } = await tryOutQemu(await guestKernel(), version);
    const how = found.join('; ');
    if (accelerator === null) return { accelerator, version, result: { works: false, reason: how } };
    return { accelerator, version, result: { works: true, how, ms } };
  } catch (error) {
    if (!(error instanceof DejaError)) throw error;
    return { accelerator: null, version, result: { works: false, reason: error.message, ...(error.hint === undefined ? {} : { cure: error.hint }) } };
  }
}
