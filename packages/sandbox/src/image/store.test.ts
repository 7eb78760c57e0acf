import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { collectGarbage, stored } from './store.js';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'deja-store-'))));
afterEach(() => rmSync(folder, { recursive: true }));

function put(name: string, usedAt: number): void {
  const path = join(folder, name);
  if (/^(template|image)-/.test(name)) {
    mkdirSync(path);
    writeFileSync(join(path, 'memory'), Buffer.alloc(100_000, 1));
  } else {
    writeFileSync(path, Buffer.alloc(100_000, 1));
  }
  utimesSync(path, usedAt, usedAt);
}

test('nothing is kept where there is nothing', () => {
  expect(stored(join(folder, 'nowhere'))).toEqual([]);
  expect(collectGarbage(0, join(folder, 'nowhere'))).toEqual([]);
});

test('over the budget the oldest templates go first, then the oldest of the rest; what is not ours stays', () => {
  put('base-1-a.erofs', 10);
  put('app-1-b.erofs', 20);
  put('template-c', 30);
  put('template-d', 40);
  put('notes.txt', 1);
  expect(stored(folder).map(({ kind, name }) => [kind, name])).toEqual([['template', 'template-d'], ['template', 'template-c'], ['app', 'app-1-b.erofs'], ['base', 'base-1-a.erofs']]);
  const each = stored(folder)[0]?.bytes ?? 0;
  expect(each).toBeGreaterThanOrEqual(100_000);
  expect(collectGarbage(4 * each, folder)).toEqual([]);
  expect(collectGarbage(3 * each, folder).map(({ name }) => name)).toEqual(['template-c']);
  expect(collectGarbage(each, folder).map(({ name }) => name)).toEqual(['template-d', 'base-1-a.erofs']);
  expect(existsSync(join(folder, 'notes.txt'))).toBe(true);
});

test('unpacked images go as templates do, by what is in them and not by where their links lead; what is in use stays', () => {
  put('app-1-a.erofs', 10);
  put('image-1-b', 20);
  put('image-1-c', 30);
  symlinkSync('/usr', join(folder, 'image-1-b', 'usr'));
  symlinkSync('.', join(folder, 'image-1-b', 'self'));
  utimesSync(join(folder, 'image-1-b'), 20, 20);
  const bytes = new Map(stored(folder).map((one) => [one.name, one.bytes]));
  expect(bytes.get('image-1-b')).toBe(bytes.get('image-1-c'));
  expect(collectGarbage(0, folder, 15_000).map(({ name }) => name)).toEqual(['app-1-a.erofs']);
  expect(collectGarbage(0, folder, 25_000).map(({ name }) => name)).toEqual(['image-1-b']);
  expect(collectGarbage(0, folder).map(({ name }) => name)).toEqual(['image-1-c']);
  expect(existsSync('/usr/bin')).toBe(true);
});
