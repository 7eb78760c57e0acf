import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DejaError } from '@deja/format';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { orCacheUnusable, usableCacheFolder } from './usable-cache.js';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'deja-cache-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const NOBODY = 65534;
const UNUSABLE = { code: 'DEJA_CACHE_UNUSABLE', hint: 'Name a folder that you may write to: DEJA_CACHE=DIR' };

function refused(path: string): Error {
  return Object.assign(new Error(`EACCES: permission denied, open '${path}'`), { code: 'EACCES', syscall: 'open', path });
}

describe('a cache folder', () => {
  test.skipIf(process.platform !== 'linux').each([['/proc/x', 'ENOENT'], ['/proc', 'ENOENT'], ['/sys/x/y', ''], ['/dev/null/x', 'ENOTDIR'], ['/etc/passwd', 'ENOTDIR']])('%s is refused by name, and at once', (named, why) => {
    expect(() => usableCacheFolder({ DEJA_CACHE: named })).toThrow(expect.objectContaining({ ...UNUSABLE, message: expect.stringMatching(new RegExp(`^the cache ${named} \\(DEJA_CACHE\\) cannot be made or written: ${why}[^']+$`)) as string }));
  });

  test('a link that leads nowhere, and a file in the place of a part, are refused', () => {
    symlinkSync(join(folder, 'gone'), join(folder, 'link'));
    writeFileSync(join(folder, 'vm'), '');
    for (const named of [join(folder, 'link'), folder]) expect(() => usableCacheFolder({ DEJA_CACHE: named })).toThrow(expect.objectContaining(UNUSABLE));
  });

  test('one that belongs to somebody else is refused', () => {
    chmodSync(folder, 0o555);
    const isRoot = process.getuid?.() === 0;
    // Root may write everywhere.
    if (isRoot) process.seteuid?.(NOBODY);
    try {
      expect(() => usableCacheFolder({ DEJA_CACHE: folder })).toThrow(expect.objectContaining({ ...UNUSABLE, message: expect.stringContaining('EACCES') as string }));
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  });

  test('nothing stays of the trial, and a folder that is not there is not made', () => {
    const named = join(folder, 'a "name" of $HOME, 50 %', 'cache');
    expect(usableCacheFolder({ DEJA_CACHE: named })).toBe(named);
    expect(readdirSync(folder)).toEqual([]);
    mkdirSync(join(folder, 'vm'));
    expect(usableCacheFolder({ DEJA_CACHE: folder })).toBe(folder);
    expect(readdirSync(folder)).toEqual(['vm']);
    expect(readdirSync(join(folder, 'vm'))).toEqual([]);
  });

  test('a name with a line break, which Postgres cannot have, is refused', () => {
    expect(() => usableCacheFolder({ DEJA_CACHE: join(folder, 'a line\nand another') })).toThrow(expect.objectContaining({ ...UNUSABLE, message: expect.stringContaining('its name has a line break') as string }));
  });

  test('an empty name is none', () => {
    expect(usableCacheFolder({ DEJA_CACHE: '' })).toBe(join(process.cwd(), '.deja', 'cache'));
  });
});

test('what is refused later in the cache is told as well, and nothing else', () => {
  const env = { DEJA_CACHE: folder };
  expect(orCacheUnusable(refused(join(folder, 'vm', 'x')), env)).toMatchObject(UNUSABLE);
  const gone = Object.assign(refused(join(folder, 'vm', 'x')), { code: 'ENOENT' });
  expect(orCacheUnusable(gone, env)).toMatchObject({ code: 'DEJA_CACHE_DAMAGED', hint: expect.stringContaining('deja image gc') as string });
  const elsewhere = refused('/etc/shadow');
  expect(orCacheUnusable(elsewhere, env)).toBe(elsewhere);
  const own = new DejaError('DEJA_IMAGE_FAILED', 'no');
  expect(orCacheUnusable(own, env)).toBe(own);
});
