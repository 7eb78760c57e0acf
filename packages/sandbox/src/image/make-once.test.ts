import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { draftFor, makeOnce } from './make-once.js';

const NOBODY = 65534;
let root: string;
beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'deja-make-once-'))));
afterEach(() => rmSync(root, { recursive: true }));

test('what fails leaves nothing', async () => {
  const made = makeOnce(join(root, 'thing'), async (draft) => {
    mkdirSync(draft);
    writeFileSync(join(draft, 'half'), 'half');
    throw new Error('no more');
  });
  await expect(made).rejects.toThrow('no more');
  expect(readdirSync(root)).toEqual([]);
});

test('drafts of processes that are gone are swept at once, those of living ones stay', () => {
  const own = draftFor(join(root, 'thing'));
  writeFileSync(own, 'in making');
  const { pid } = spawnSync('true');
  const [, place] = /^\.draft-([0-9a-f]{8})-/.exec(basename(own)) ?? [];
  const dead = join(root, `.draft-${place}-${pid}-1-12345678-thing`);
  // A number that was given again: the process lives, but did not make this.
  const reused = join(root, `.draft-${place}-${process.pid}-1-12345678-thing`);
  for (const path of [dead, reused]) writeFileSync(path, 'half');
  draftFor(join(root, 'other'));
  expect([existsSync(own), existsSync(dead), existsSync(reused)]).toEqual([true, false, false]);
});

test('drafts whose makers cannot be seen from here are swept when they are old', () => {
  const [young, old] = ['.draft-00000000-1-1-12345678-thing', '.draft-0123abcd-thing'].map((name) => join(root, name)) as [string, string];
  for (const path of [young, old]) writeFileSync(path, 'half');
  utimesSync(old, 1, 1);
  draftFor(join(root, 'thing'));
  expect([existsSync(young), existsSync(old)]).toEqual([true, false]);
});

test.skipIf(process.getuid?.() !== 0)('what somebody else has made is used as it is (skipped for ordinary users, who cannot be two)', async () => {
  chmodSync(root, 0o777);
  const path = await makeOnce(join(root, 'thing'), async (draft) => writeFileSync(draft, 'made'));
  process.seteuid?.(NOBODY);
  try {
    await expect(makeOnce(path, () => Promise.reject(new Error('made again')))).resolves.toBe(path);
  } finally {
    process.seteuid?.(0);
  }
});
