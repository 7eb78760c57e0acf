import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { vmFolder } from '../../image/cache-folder.js';
import type { Kernel } from '../../image/kernel.js';
import { makeOnce } from '../../image/make-once.js';
import { ownPartsStamp } from '../../image/own-parts.js';
import { SYSTEM_PATH } from '../../layout/system-path.js';
import { initramfsWith } from './initramfs.js';

/** A way to boot the smallest guest: its kernel and first process speak on the command's standard output. */
export interface Attempt {
  readonly command: readonly string[];
  readonly limitMs: number;
  /** Given up when nothing was said for so long: a guest that hangs is found out before its time is over. */
  readonly silenceMs: number;
}

const ALIVE = 'deja: alive';
/** It waits to be ended: what a serial port has not sent yet is lost by a reboot. */
const INIT = `#!/bin/busybox sh\n/bin/busybox echo ${ALIVE}\n/bin/busybox sleep 60\n/bin/busybox reboot -f\n`;

/** The initramfs of a guest that says one word. */
export async function trialInitramfs(kernel: Kernel): Promise<string> {
  return await initramfsWith(kernel, INIT);
}

/** Milliseconds until the guest's first process spoke; or what its program said instead. */
export async function tryToBoot({ command, limitMs, silenceMs }: Attempt): Promise<{ readonly ms: number } | { readonly why: string }> {
  const began = performance.now();
  const [program = '', ...args] = command;
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', program, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: SYSTEM_PATH }, cwd: '/' });
  let [console, words, givenUp] = ['', '', ''];
  let ms: number | null = null;
  const giveUp = (why: string): void => {
    givenUp ||= why;
    child.kill('SIGKILL');
  };
  const late = setTimeout(() => giveUp(`a guest was not up within ${limitMs} ms`), limitMs);
  const silent = setTimeout(() => giveUp(`a guest hung: it said nothing for ${silenceMs} ms`), silenceMs);
  child.stdout.on('data', (chunk: Buffer) => {
    silent.refresh();
    console += chunk.toString('latin1');
    if (ms === null && console.includes(ALIVE)) {
      ms = performance.now() - began;
      child.kill('SIGKILL');
    }
  });
  child.stderr.on('data', (chunk: Buffer) => (words += chunk.toString()));
  const end = await new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(`its program ended with ${code ?? signal} before a guest was up`));
  });
  clearTimeout(late);
  clearTimeout(silent);
  if (ms !== null) return { ms };
  const why = givenUp || end;
  const last = lastLine(words) || lastLine(console);
  return { why: last === '' ? why : `${why}: ${last}` };
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.trim() ?? '';
}

/** What was found out holds until this machine is started anew, or something named differs, and is kept so long. */
export async function remembered<Found>(identity: readonly unknown[], findOut: () => Promise<Found>): Promise<Found> {
  const file = await makeOnce(trialFile(identity), async (draft) => writeFile(draft, JSON.stringify(await findOut())));
  return JSON.parse(readFileSync(file, 'utf8')) as Found;
}

/** Undefined: nobody has tried yet. */
export function recalled<Found>(identity: readonly unknown[]): Found | undefined {
  const file = trialFile(identity);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Found) : undefined;
}

function trialFile(identity: readonly unknown[]): string {
  const boot = existsSync('/proc/sys/kernel/random/boot_id') ? readFileSync('/proc/sys/kernel/random/boot_id', 'latin1') : '';
  const key = createHash('sha256').update(JSON.stringify([boot, kvmProblem(), ...ownPartsStamp(), ...identity])).digest('hex').slice(0, 16);
  return join(vmFolder(), `trial-${key}.json`);
}

/** Why there is no use in trying KVM; null: it has to be tried, for a device file proves nothing. */
export function kvmProblem(): string | null {
  if (!existsSync('/dev/kvm')) return 'there is no /dev/kvm';
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
    return null;
  } catch {
    return 'no permission for /dev/kvm (join the group that owns it)';
  }
}
