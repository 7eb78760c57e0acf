import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ownCache } from '../../testing/own-cache.js';
import { keptTrial, tryToBoot } from './trial.js';

const LIMITS = { limitMs: 20_000, silenceMs: 20_000 };

/** A program in the place of one that runs machines. */
function saying(script: string): { readonly name: string; readonly command: readonly string[] } {
  return { name: 'QEMU', command: ['sh', '-c', script] };
}

describe('trying to boot a guest', () => {
  it('tells how long it took until it spoke, and ends it', async () => {
    expect(await tryToBoot({ ...saying('echo kernel; echo "deja: alive"; exec sleep 600'), ...LIMITS })).toEqual({ ms: expect.any(Number) });
  });

  it.each([
    ['ends', 'echo no such machine >&2; exit 3', 'QEMU ended with 3 before a guest was up: no such machine'],
    ['crashes', 'echo Assertion failed >&2; kill -ABRT $$', 'QEMU ended with SIGABRT before a guest was up: Assertion failed'],
    ['says something, and ends', 'echo Kernel panic; exit 0', 'QEMU ended with 0 before a guest was up: Kernel panic'],
  ])('one that %s is told with its last words', async (_, script, why) => {
    expect(await tryToBoot({ ...saying(script), ...LIMITS })).toMatchObject({ why });
  });

  it('one whose program breaks off and does not end is told by that, and not waited for', async () => {
    const assertion = "kvm.c:3183: kvm_buf_set_msrs: Assertion `ret == cpu->kvm_msr_buf->nmsrs' failed.";
    expect(await tryToBoot({ ...saying(`echo "${assertion.replace(/`/g, '\\`')}" >&2; exec sleep 600`), ...LIMITS })).toMatchObject({ why: `QEMU ended by a mistake of its own before a guest was up: ${assertion}` });
  });

  it('one that hangs is found out by its silence', async () => {
    expect(await tryToBoot({ ...saying('exec sleep 600'), limitMs: 20_000, silenceMs: 50 })).toEqual({ why: 'a guest hung: it said nothing for 50 ms', said: '' });
  });

  it("one that hangs is not told by what its program says of itself, which is kept", async () => {
    const log = '2026-10-05T12:00:00.000 [anonymous-instance:main] Successfully started';
    const hangs = { ...saying(`echo "${log}"; exec sleep 600`), ownLog: /\[anonymous-instance:/, limitMs: 20_000, silenceMs: 200 };
    expect(await tryToBoot(hangs)).toEqual({ why: 'a guest hung: it said nothing for 200 ms', said: log });
  });

  it('one that talks for ever has a limit', async () => {
    expect(await tryToBoot({ ...saying('while :; do echo booting; sleep 0.01; done'), limitMs: 200, silenceMs: 5000 })).toMatchObject({ why: 'a guest was not up within 200 ms: booting', said: expect.stringContaining('booting\nbooting') as string });
  });
});

describe('what a guest that was not up has left', () => {
  const folder = ownCache();

  it('is kept, and the reason says where', () => {
    const file = join(folder(), 'vm', 'failed-trials', 'qemu-kvm.log');
    keptTrial({ why: 'an earlier one', said: '' }, 'qemu-kvm.log');
    expect(keptTrial({ why: 'a guest hung', said: 'Linux version 6.1\nreset' }, 'qemu-kvm.log')).toBe(`a guest hung (all that was said is in ${file})`);
    expect(readFileSync(file, 'utf8')).toBe('a guest hung\n\nLinux version 6.1\nreset\n');
  });
});
