import { rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ownCache } from '../../testing/own-cache.js';
import { readyTemplate } from './ready-template.js';
import type { Vmm } from './vmm.js';

ownCache();

/** Whoever boots a machine is counted; what is saved of it are two files. */
function counting(): { readonly vmm: Vmm; readonly boots: () => number } {
  let boots = 0;
  const boot = async (into: { memory: string; state: string }) => {
    boots += 1;
    const agent = { startMs: 100 * boots, warm: async () => undefined, stop: async () => undefined };
    return { agent, save: async () => [into.memory, into.state].forEach((path) => writeFileSync(path, 'saved')) };
  };
  return { vmm: { name: 'qemu', key: 'key', boot } as unknown as Vmm, boots: () => boots };
}

test('is made once; one that has lost a part is made again', async () => {
  const { vmm, boots } = counting();
  const ask = (): ReturnType<typeof readyTemplate> => readyTemplate(vmm, { warmUp: {}, onLog: undefined });
  const { folder: template } = await ask();
  expect(await ask()).toEqual({ folder: template, bootMs: 100 });
  for (const part of ['times.json', 'memory', 'state']) {
    rmSync(join(template, part));
    await ask();
  }
  truncateSync(join(template, 'times.json'), 3);
  expect(await ask()).toEqual({ folder: template, bootMs: 500 });
  expect(boots()).toBe(5);
});
