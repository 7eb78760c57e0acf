import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Kernel } from '../../image/kernel.js';
import { SYSTEM_PATH } from '../../layout/system-path.js';
import { kvmProblem } from '../vm/kvm.js';
import { keptTrial, trialInitramfs, tryToBoot } from '../vm/trial.js';
import { recalled, remembered, type Remembered } from '../vm/trial-memory.js';
import { bootArguments, QEMU, type Accelerator } from './command-line.js';

/** What became of booting the kernel and nothing else. */
export interface Trial {
  /** The fastest way that works; null: none does. */
  readonly accelerator: Accelerator | null;
  /** One line for each way that was tried. */
  readonly found: readonly string[];
  /** Milliseconds until the guest's first process spoke. */
  readonly ms: number;
}

const LIMITS: Readonly<Record<Accelerator, { readonly name: string; readonly limitMs: number; readonly silenceMs: number }>> = {
  kvm: { name: 'KVM', limitMs: 60_000, silenceMs: 10_000 },
  tcg: { name: 'emulation', limitMs: 30_000, silenceMs: 30_000 },
};

/** Boots a guest that says one word, by KVM and, where that does not do, by emulation. */
export async function tryOutQemu(kernel: Kernel): Promise<Remembered<Trial>> {
  return await remembered(identity(), async () => tryBoth(kernel));
}

/** What came out of it the last time; undefined: it was not tried. */
export function recallQemu(): Remembered<Trial> | undefined {
  return recalled<Trial>(identity());
}

/** Without running anything: who takes the strongest sandbox shall not wait for one that it may not take. */
function identity(): readonly unknown[] {
  const program = SYSTEM_PATH.split(':').map((folder) => statSync(join(folder, QEMU), { throwIfNoEntry: false })).find((stat) => stat !== undefined);
  return ['qemu', program?.size, program?.mtimeMs];
}

async function tryBoth(kernel: Kernel): Promise<Trial> {
  const initramfs = await trialInitramfs(kernel);
  const problem = kvmProblem();
  const found = problem === null ? [] : [`KVM: ${problem}`];
  for (const accelerator of problem === null ? (['kvm', 'tcg'] as const) : (['tcg'] as const)) {
    const { name, ...limits } = LIMITS[accelerator];
    const command = [QEMU, ...bootArguments({ kernel: kernel.vmlinux, initramfs, accelerator, memoryMib: 256, talkative: accelerator === 'kvm' }), '-serial', 'stdio'];
    const tried = await tryToBoot({ ...limits, name: 'QEMU', command });
    if ('ms' in tried) return { accelerator, ms: tried.ms, found: [...found, `${name}: a guest was up after ${Math.round(tried.ms)} ms`] };
    found.push(`${name}: ${keptTrial(tried, `qemu-${accelerator}.log`)}`);
  }
  return { accelerator: null, ms: 0, found };
}
