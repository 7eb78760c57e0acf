import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { vmFolder } from '../../image/cache-folder.js';
import type { Kernel } from '../../image/kernel.js';
import { SYSTEM_PATH } from '../../layout/system-path.js';
import { initramfsWith } from './initramfs.js';

/** A way to boot the smallest guest: its kernel and first process speak on the command's standard output. */
export interface Attempt {
  /** What the program is called in what is told of it. */
  readonly name: string;
  readonly command: readonly string[];
  /** Lines in which the program tells what it does: of a guest that hangs they are no cause. */
  readonly ownLog?: RegExp;
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

/** A program that broke off by itself may take its time to end: what it said is the cause, and no time-out. */
const BROKE_OFF = /Assertion .* failed/;
const MAX_WORDS = 64 * 1024;

/** What a guest that was not up has left: why in one line, and all that it and its program said. */
export interface NotUp {
  readonly why: string;
  readonly said: string;
}

/** Milliseconds until the guest's first process spoke; or what its program said instead. */
export async function tryToBoot({ name, command, ownLog, limitMs, silenceMs }: Attempt): Promise<{ readonly ms: number } | NotUp> {
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
  child.stderr.on('data', (chunk: Buffer) => {
    words = (words + chunk.toString()).slice(-MAX_WORDS);
    if (BROKE_OFF.test(words)) giveUp(`${name} ended by a mistake of its own before a guest was up`);
  });
  const end = await new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(`${name} ended with ${code ?? signal} before a guest was up`));
  });
  clearTimeout(late);
  clearTimeout(silent);
  if (ms !== null) return { ms };
  const why = givenUp || end;
  const last = lastLine(words) || lastLine(givenUp === '' ? console : without(ownLog, console));
  return { why: last === '' ? why : `${why}: ${last}`, said: `${console.slice(-MAX_WORDS)}\n${words}`.trim() };
}

function without(pattern: RegExp | undefined, text: string): string {
  return pattern === undefined ? text : text.split('\n').filter((line) => !pattern.test(line)).join('\n');
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.trim() ?? '';
}

/** Keeps what a guest that was not up has left, instead of what was kept of an earlier one. Gives the reason, and where the rest is. */
export function keptTrial({ why, said }: NotUp, file: string): string {
  const folder = join(vmFolder(), 'failed-trials');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, file), `${why}\n\n${said}\n`);
  return `${why} (all that was said is in ${join(folder, file)})`;
}
