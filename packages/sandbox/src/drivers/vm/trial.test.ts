import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recalled, remembered, tryToBoot } from './trial.js';

const LIMITS = { limitMs: 20_000, silenceMs: 20_000 };

/** A program in the place of one that runs machines. */
function saying(script: string): { readonly command: readonly string[] } {
  return { command: ['sh', '-c', script] };
}

describe('trying to boot a guest', () => {
  it('tells how long it took until it spoke, and ends it', async () => {
    expect(await tryToBoot({ ...saying('echo kernel; echo "deja: alive"; exec sleep 600'), ...LIMITS })).toEqual({ ms: expect.any(Number) });
  });

  it.each([
    ['ends', 'echo no such machine >&2; exit 3', 'its program ended with 3 before a guest was up: no such machine'],
    ['crashes', 'echo Assertion failed >&2; kill -ABRT $$', 'its program ended with SIGABRT before a guest was up: Assertion failed'],
    ['says something, and ends', 'echo Kernel panic; exit 0', 'its program ended with 0 before a guest was up: Kernel panic'],
  ])('one that %s is told with its last words', async (_, script, why) => {
    expect(await tryToBoot({ ...saying(script), ...LIMITS })).toEqual({ why });
  });

  it('one that hangs is found out by its silence', async () => {
    expect(await tryToBoot({ ...saying('exec sleep 600'), limitMs: 20_000, silenceMs: 50 })).toEqual({ why: 'a guest hung: it said nothing for 50 ms' });
  });

  it('one that talks for ever has a limit', async () => {
    expect(await tryToBoot({ ...saying('while :; do echo booting; sleep 0.01; done'), limitMs: 200, silenceMs: 5000 })).toEqual({ why: 'a guest was not up within 200 ms: booting' });
  });
});

describe('what was found out', () => {
  const before = process.env['DEJA_CACHE'];
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'deja-trial-'));
    process.env['DEJA_CACHE'] = folder;
  });
  afterEach(() => {
    process.env['DEJA_CACHE'] = before;
    rmSync(folder, { recursive: true, force: true });
  });

  it('is found out once for everything that it depends on', async () => {
    let times = 0;
    const find = async (): Promise<number> => ++times;
    expect(recalled(['a'])).toBeUndefined();
    expect([await remembered(['a'], find), await remembered(['a'], find), await remembered(['b'], find)]).toEqual([1, 1, 2]);
    expect(recalled(['a'])).toBe(1);
  });
});
