import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ownCache } from '../../testing/own-cache.js';
import { forgetTrials, recalled, remembered } from './trial-memory.js';

describe('what was found out', () => {
  const folder = ownCache();

  it('is found out once for everything that it depends on, and says when', async () => {
    let times = 0;
    const find = async (): Promise<number> => ++times;
    expect(recalled(['a'])).toBeUndefined();
    const began = Date.now();
    const all = [await remembered(['a'], find), await remembered(['a'], find), await remembered(['b'], find)];
    expect(all.map(({ found }) => found)).toEqual([1, 1, 2]);
    expect(recalled(['a'])).toEqual(all[0]);
    expect(all[0]?.at).toBeGreaterThanOrEqual(began);
  });

  it('is found out once more when it is damaged', async () => {
    await remembered(['a'], async () => 1);
    const [name = ''] = readdirSync(join(folder(), 'vm'));
    writeFileSync(join(folder(), 'vm', name), '{"found":');
    expect(recalled(['a'])).toBeUndefined();
    expect((await remembered(['a'], async () => 2)).found).toBe(2);
    expect(recalled(['a'])?.found).toBe(2);
  });

  it('can be forgotten, also while it is found out; nothing else is', async () => {
    forgetTrials();
    await remembered(['a'], async () => 1);
    expect(await remembered(['b'], async () => (forgetTrials(), 2))).toMatchObject({ found: 2 });
    writeFileSync(join(folder(), 'vm', 'base-1'), '');
    forgetTrials();
    expect(recalled(['a'])).toBeUndefined();
    expect(readdirSync(join(folder(), 'vm'))).toEqual(['base-1']);
  });
});
