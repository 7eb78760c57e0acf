import { array, assert, asyncProperty, boolean, constantFrom, record } from 'fast-check';
import { chmodSync, cpSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FileIndex, SETTLED_MS, sumOf } from './file-index.js';
import type { Tree } from './tree.js';
import { treeKey } from './tree-key.js';

/** Seconds since 1970: archives of packages give all files the same time. */
const PACKED = 499_162_500;
let root: string;
let app: string;
let tree: Tree;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'deja-tree-key-'));
  app = join(root, 'app');
  mkdirSync(join(app, '.deja'), { recursive: true });
  mkdirSync(join(app, 'lib'));
  for (const name of ['main.js', 'lib/a.js', 'lib/b.js']) {
    writeFileSync(join(app, name), `content of ${name}`);
    utimesSync(join(app, name), PACKED, PACKED);
  }
  symlinkSync('lib/a.js', join(app, 'link.js'));
  tree = { mounts: [{ from: app, at: '/srv/app' }] };
});
afterEach(() => rmSync(root, { recursive: true }));

/** As the next process would find it. */
function keyNow(of = tree, index = 'index.json'): { readonly key: string; readonly read: number } {
  const files = new FileIndex(join(root, index));
  const key = treeKey(of, files);
  files.save();
  return { key, read: files.read };
}

function freshKey(of = tree): string {
  return treeKey(of, new FileIndex(join(root, 'nowhere')));
}

test('files that did not change are not read again, of those that did only these', async () => {
  await sleep(2 * SETTLED_MS);
  const first = keyNow();
  expect(first.read).toBe(3);
  expect(keyNow()).toEqual({ key: first.key, read: 0 });
  writeFileSync(join(app, 'lib/a.js'), 'Content of lib/a.js');
  await sleep(2 * SETTLED_MS);
  const second = keyNow();
  expect(second.read).toBe(1);
  expect(second.key).not.toBe(first.key);
  expect(keyNow().read).toBe(0);
});

test('a touch, a copy and Deja\'s own files make no difference', () => {
  const { key } = keyNow();
  utimesSync(join(app, 'main.js'), 1, 1);
  writeFileSync(join(app, '.deja', 'other'), 'of no consequence');
  expect(keyNow().key).toBe(key);
  cpSync(app, join(root, 'copy'), { recursive: true, verbatimSymlinks: true });
  expect(keyNow({ mounts: [{ from: join(root, 'copy'), at: '/srv/app' }] }, 'other.json').key).toBe(key);
});

test.each<readonly [string, () => void]>([
  ['a byte, at the same size and time', () => {
    writeFileSync(join(app, 'main.js'), 'Content of main.js');
    utimesSync(join(app, 'main.js'), PACKED, PACKED);
  }],
  ['another file of the same size and time in its place', () => {
    writeFileSync(join(root, 'new'), 'Content of main.js');
    utimesSync(join(root, 'new'), PACKED, PACKED);
    renameSync(join(root, 'new'), join(app, 'main.js'));
  }],
  ['a mode', () => chmodSync(join(app, 'main.js'), 0o700)],
  ['a name', () => renameSync(join(app, 'main.js'), join(app, 'Main.js'))],
  ['two files\' contents exchanged', () => {
    renameSync(join(app, 'lib/a.js'), join(app, 'lib/c.js'));
    renameSync(join(app, 'lib/b.js'), join(app, 'lib/a.js'));
    renameSync(join(app, 'lib/c.js'), join(app, 'lib/b.js'));
  }],
  ['an empty folder', () => mkdirSync(join(app, 'empty'))],
  ['where a link leads', () => {
    rmSync(join(app, 'link.js'));
    symlinkSync('lib/b.js', join(app, 'link.js'));
  }],
])('%s makes another key', async (_, change) => {
  await sleep(2 * SETTLED_MS);
  const { key } = keyNow();
  change();
  expect(keyNow().key).not.toBe(key);
});

test('whatever is done to files and whenever: the index never changes the key', async () => {
  const step = record({
    name: constantFrom('main.js', 'new.js'), bytes: constantFrom('aaaa', 'aaab'), keepsTime: boolean(), waits: boolean(), how: constantFrom('write', 'replace', 'remove', 'touch'),
  });
  await assert(asyncProperty(array(step, { minLength: 4, maxLength: 10 }), async (steps) => {
    for (const { name, bytes, keepsTime, waits, how } of steps) {
      const path = join(app, name);
      if (how === 'write') writeFileSync(path, bytes);
      if (how === 'replace') {
        writeFileSync(`${path}.new`, bytes);
        renameSync(`${path}.new`, path);
      }
      if (how === 'remove') rmSync(path, { force: true });
      if (how === 'touch' && existsSync(path)) utimesSync(path, 1, 1);
      if (keepsTime && existsSync(path)) utimesSync(path, PACKED, PACKED);
      if (waits) await sleep(SETTLED_MS);
      expect(keyNow().key).toBe(freshKey());
    }
  }), { numRuns: 25 });
}, 30_000);

test('a file that changed so lately that a further change may not show is read again', async () => {
  const path = join(app, 'main.js');
  writeFileSync(path, 'first');
  const young = lstatSync(path, { bigint: true });
  const index = new FileIndex(join(root, 'index.json'));
  const first = index.sum(path, young);
  writeFileSync(path, 'other');
  expect(index.sum(path, young)).not.toBe(first);
  const settled = lstatSync(path, { bigint: true });
  await sleep(2 * SETTLED_MS);
  index.sum(path, settled);
  expect([index.sum(path, settled), index.read]).toEqual([sumOf(path), 3]);
});

test('an index that is damaged is as good as none, and drafts of it do not stay', () => {
  const { key } = keyNow();
  for (const damage of ['', '{', '[[1]]', 'null']) {
    writeFileSync(join(root, 'index.json'), damage);
    expect(keyNow().key).toBe(key);
  }
  expect(readFileSync(join(root, 'index.json'), 'utf8').startsWith('[')).toBe(true);
  expect(readdirSync(root).filter((entry) => entry.startsWith('.draft-'))).toEqual([]);
});
