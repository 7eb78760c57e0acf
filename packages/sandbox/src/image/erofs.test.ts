import { mkdirSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { tryOut } from '../drivers/namespace/probe.js';
import { erofsImage } from './erofs.js';
import type { Tree } from './tree.js';

const missing = await tryOut('mkfs.erofs', ['--help']);
const before = process.env['DEJA_CACHE'];
let root: string;
let tree: Tree;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'deja-erofs-'));
  process.env['DEJA_CACHE'] = join(root, 'cache');
  mkdirSync(join(root, 'app'));
  writeFileSync(join(root, 'app', 'main.js'), 'main();\n'.repeat(10_000));
  tree = { mounts: [{ from: join(root, 'app'), at: '/srv/app' }] };
});
afterEach(() => {
  if (before === undefined) delete process.env['DEJA_CACHE'];
  else process.env['DEJA_CACHE'] = before;
  rmSync(root, { recursive: true });
});

test.skipIf(missing !== null)(`an image is made once, and again when it is not whole${missing === null ? '' : ` (skipped: ${missing})`}`, async () => {
  const first = await erofsImage('app', tree);
  expect((await erofsImage('app', tree)).path).toBe(first.path);
  for (const bytes of [0, 600, first.bytes - 1]) {
    truncateSync(first.path, bytes);
    expect(await erofsImage('app', tree)).toEqual(first);
    expect(statSync(first.path).size).toBe(first.bytes);
  }
});

test.skipIf(missing !== null)(`what is not there is named${missing === null ? '' : ` (skipped: ${missing})`}`, async () => {
  await expect(erofsImage('app', { mounts: [{ from: join(root, 'nowhere'), at: '/x' }] })).rejects.toThrow('nowhere');
});
