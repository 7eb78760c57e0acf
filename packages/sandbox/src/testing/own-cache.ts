import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';

/**
 * A folder of its own for each test, in which the cache of the process is until the test ends.
 * @returns the folder's path, while a test runs
 */
export function ownCache(cacheWithin = ''): () => string {
  const before = process.env['DEJA_CACHE'];
  let folder: string;
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'deja-cache-')));
    process.env['DEJA_CACHE'] = join(folder, cacheWithin);
  });
  afterEach(() => {
    if (before === undefined) delete process.env['DEJA_CACHE'];
    else process.env['DEJA_CACHE'] = before;
    rmSync(folder, { recursive: true, force: true });
  });
  return () => folder;
}
