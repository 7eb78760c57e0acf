import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { moduleClosure } from './module-closure.js';

let root: string;

beforeAll(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'deja-closure-')));
  for (const folder of ['apps/shop/node_modules/own', 'node_modules/@scope', 'libs/a/node_modules', 'libs/b', 'libs/unused', 'outside/real']) mkdirSync(join(root, folder), { recursive: true });
  symlinkSync('../../libs/a', join(root, 'node_modules/@scope/a'));
  symlinkSync('../libs/unused', join(root, 'node_modules/unused'));
  symlinkSync('../nowhere', join(root, 'node_modules/broken'));
  symlinkSync('../../b', join(root, 'libs/a/node_modules/b'));
  // A loop: b needs a again.
  mkdirSync(join(root, 'libs/b/node_modules'));
  symlinkSync('../../a', join(root, 'libs/b/node_modules/a'));
  symlinkSync(join(root, 'outside/real'), join(root, 'node_modules/absolute'));
  writeFileSync(join(root, 'apps/shop/package.json'), JSON.stringify({ dependencies: { '@scope/a': '*' } }));
  writeFileSync(join(root, 'libs/a/package.json'), JSON.stringify({ dependencies: { b: '*' } }));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function shown(links: 'all' | 'declared'): Readonly<Record<string, string>> {
  const mounts = moduleClosure(join(root, 'apps/shop'), '/srv/work/apps/shop', links);
  return Object.fromEntries(mounts.map(({ from, at }) => [at.replace(root, 'ROOT'), from.replace(root, 'ROOT')]));
}

describe('what the modules of a folder can import from outside of it', () => {
  it('keeps its place relative to the folder; absolute links keep their target', () => {
    expect(shown('all')).toEqual({
      '/srv/work/node_modules': 'ROOT/node_modules',
      '/srv/work/libs/a': 'ROOT/libs/a',
      '/srv/work/libs/b': 'ROOT/libs/b',
      '/srv/work/libs/unused': 'ROOT/libs/unused',
      'ROOT/outside/real': 'ROOT/outside/real',
    });
  });

  it('is only what packages declare, where nothing else may be shown', () => {
    expect(shown('declared')).toEqual({ '/srv/work/node_modules': 'ROOT/node_modules', '/srv/work/libs/a': 'ROOT/libs/a', '/srv/work/libs/b': 'ROOT/libs/b' });
  });
});
