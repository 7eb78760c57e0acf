import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { vmFolder } from '../../image/cache-folder.js';
import type { Kernel } from '../../image/kernel.js';
import { makeOnce } from '../../image/make-once.js';
import { SYSTEM_PATH } from '../../layout/system-path.js';
import { initramfsWith } from '../vm/initramfs.js';
import { bootArguments, type Accelerator } from './command-line.js';

/** What became of booting the kernel and nothing else. */
export interface Trial {
  /** The fastest way that works; null: none does. */
  readonly accelerator: Accelerator | null;
  /** One line for each way that was tried. */
  readonly found: readonly string[];
  /** Milliseconds until the guest's first process spoke. */
  readonly ms: number;
}

const ALIVE = 'deja: alive';
const INIT = `#!/bin/busybox sh\n/bin/busybox echo ${ALIVE}\n/bin/busybox reboot -f\n`;
/** A hundred times what real virtualisation takes: a device file that opens proves nothing. */
const KVM_DEADLINE_MS = 5000;
const EMULATED_DEADLINE_MS = 30_000;

/** Boots a guest that says one word. What was found holds until the machine is started anew, and is kept so long. */
export async function tryOutQemu(kernel: Kernel, version: string): Promise<Trial> {
  const boot = existsSync('/proc/sys/kernel/random/boot_id') ? readFileSync('/proc/sys/kernel/random/boot_id', 'latin1') : '';
  const key = createHash('sha256').update(JSON.stringify([boot, version, kernel.key, kvmProblem()])).digest('hex').slice(0, 16);
  const file = await makeOnce(join(vmFolder(), `trial-${key}.json`), async (draft) => writeFile(draft, JSON.stringify(await tryBoth(kernel))));
  return JSON.parse(readFileSync(file, 'utf8')) as Trial;
}

async function tryBoth(kernel: Kernel): Promise<Trial> {
  const initramfs = await initramfsWith(kernel, INIT);
  const found: string[] = [];
  const problem = kvmProblem();
  if (problem !== null) found.push(`KVM: ${problem}`);
  for (const [accelerator, deadline] of [...(problem === null ? [['kvm', KVM_DEADLINE_MS] as const] : []), ['tcg', EMULATED_DEADLINE_MS] as const]) {
    const name = accelerator === 'kvm' ? 'KVM' : 'emulation';
    const { ms, words } = await bootOnce(kernel.vmlinux, initramfs, accelerator, deadline);
    if (ms !== null) return { accelerator, ms, found: [...found, `${name}: a guest was up after ${Math.round(ms)} ms`] };
    found.push(`${name}: a guest was not up within ${deadline} ms${words === '' ? '' : ` (${words})`}`);
  }
  return { accelerator: null, ms: 0, found };
}

/** Why there is no use in trying KVM; null: it has to be tried. */
function kvmProblem(): string | null {
  if (!existsSync('/dev/kvm')) return 'there is no /dev/kvm';
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
    return null;
  } catch {
    return 'no permission for /dev/kvm (join the group that owns it)';
  }
}

async function bootOnce(kernel: string, initramfs: string, accelerator: Accelerator, deadlineMs: number): Promise<{ readonly ms: number | null; readonly words: string }> {
  const began = performance.now();
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', 'qemu-system-x86_64', ...bootArguments({ kernel, initramfs, accelerator, memoryMib: 256 }), '-serial', 'stdio'], {
    stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: SYSTEM_PATH }, cwd: '/', timeout: deadlineMs, killSignal: 'SIGKILL',
  });
  let [console, words] = ['', ''];
  let ms: number | null = null;
  child.stdout.on('data', (chunk: Buffer) => {
    console += chunk.toString('latin1');
    if (ms === null && console.includes(ALIVE)) {
      ms = performance.now() - began;
      child.kill('SIGKILL');
    }
  });
  child.stderr.on('data', (chunk: Buffer) => (words += chunk.toString()));
  await new Promise((resolve) => child.once('close', resolve).once('error', resolve));
  return { ms, words: words.trim().split('\n').at(-1) ?? '' };
}
