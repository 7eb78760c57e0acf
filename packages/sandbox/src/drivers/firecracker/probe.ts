import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DejaError } from '@deja/format';
import { guestKernel, type Kernel } from '../../image/kernel.js';
import type { ProbeResult } from '../../sandbox.js';
import { tryOut } from '../namespace/probe.js';
import { VSOCK_BRIDGE } from '../vm/pid-one.js';
import { kvmCure, kvmProblem } from '../vm/kvm.js';
import { keptTrial, trialInitramfs, tryToBoot } from '../vm/trial.js';
import { recalled, remembered, type Remembered } from '../vm/trial-memory.js';
import { locateFirecracker, type Firecracker } from './binary.js';
import { kernelCommandLine } from './kernel-command-line.js';

type Tried = { readonly ms: number } | { readonly why: string };

let probed: Promise<ProbeResult> | undefined;

/** Whether a guest boots; once per process. */
export function probeFirecracker(): Promise<ProbeResult> {
  return (probed ??= resultOf(async (programs) => {
    const kernel = await guestKernel();
    return await remembered(identity(programs), async () => tryOutFirecracker(programs, kernel));
  }));
}

/** What came out of it the last time. */
export async function recallFirecracker(): Promise<ProbeResult> {
  return await resultOf(async (programs) => recalled<Tried>(identity(programs)));
}

function identity({ firecracker, version }: Firecracker): readonly unknown[] {
  return ['firecracker', firecracker, version];
}

async function resultOf(tryOutWith: (programs: Firecracker) => Promise<Remembered<Tried> | undefined>): Promise<ProbeResult> {
  try {
    const programs = await locateFirecracker();
    const missing = await missingProgram();
    if (missing !== null) return { works: false, reason: missing, cure: 'On Debian: apt-get install socat erofs-utils util-linux' };
    const problem = kvmProblem();
    if (problem !== null) return { works: false, reason: `it needs KVM: ${problem}`, cure: kvmCure() };
    const remembers = await tryOutWith(programs);
    if (remembers === undefined) return { works: false, reason: 'not tried yet (`deja doctor` does)' };
    const { found: tried, at: triedAt } = remembers;
    if ('why' in tried) return { works: false, reason: `/dev/kvm is there, but: ${tried.why}`, cure: kvmCure(), triedAt };
    return { works: true, how: `Firecracker ${programs.version}, ${jails(programs)}: a guest was up after ${Math.round(tried.ms)} ms`, ms: tried.ms, triedAt };
  } catch (error) {
    if (!(error instanceof DejaError)) throw error;
    return { works: false, reason: error.message, ...(error.hint === undefined ? {} : { cure: error.hint }) };
  }
}

function jails({ jailer }: Firecracker): string {
  if (jailer === null) return 'no jailer beside it';
  return process.getuid?.() === 0 ? 'in jails' : 'not in jails, which only root can make';
}

async function missingProgram(): Promise<string | null> {
  for (const [program, option] of [[VSOCK_BRIDGE, '-V'], ['mkfs.erofs', '--help'], ['setpriv', '--version'], ['fallocate', '--version']] as const) {
    const missing = await tryOut(program, [option]);
    if (missing !== null) return missing;
  }
  return null;
}

/** On its standard output, among what the guest says. */
const OWN_LOG = /^\S+ \[anonymous-instance:/;

async function tryOutFirecracker({ firecracker }: Firecracker, kernel: Kernel): Promise<Tried> {
  const folder = await mkdtemp(join(tmpdir(), 'deja-fc-trial-'));
  try {
    const config = join(folder, 'config.json');
    await writeFile(config, JSON.stringify({
      'boot-source': { kernel_image_path: kernel.vmlinux, initrd_path: await trialInitramfs(kernel), boot_args: kernelCommandLine('console') },
      'machine-config': { vcpu_count: 1, mem_size_mib: 256 },
      drives: [],
    }));
    const command = [firecracker, '--no-api', '--config-file', config];
    const tried = await tryToBoot({ name: 'Firecracker', command, ownLog: OWN_LOG, limitMs: 60_000, silenceMs: 10_000 });
    return 'ms' in tried ? tried : { why: keptTrial(tried, 'firecracker.log') };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
