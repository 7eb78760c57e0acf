import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readyTemplate } from './ready-template.js';
import type { Vmm } from './vmm.js';

const before = process.env['DEJA_CACHE'];
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'deja-ready-'));
  process.env['DEJA_CACHE'] = folder;
});
afterEach(() => {
  if (before === undefined) delete process.env['DEJA_CACHE'];
  else process.env['DEJA_CACHE'] = before;
  rmSync(folder, { recursive: true });
});

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
