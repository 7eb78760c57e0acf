import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { dependencyClosure } from './dependency-closure.js';

const root = mkdtempSync(join(tmpdir(), 'deja-dependencies-'));
afterAll(() => rmSync(root, { recursive: true }));

function pkg(folder: string, dependencies: readonly string[] = []): void {
  mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, folder, 'package.json'), JSON.stringify({ dependencies: Object.fromEntries(dependencies.map((name) => [name, '*'])) }));
}

test('what a package depends on, and what that depends on, wherever Node finds it; nothing else of the folders above', () => {
  pkg('repo/apps/shop', ['hoisted', 'own', 'linked', 'absent']);
  pkg('repo/apps/shop/node_modules/own', ['hoisted']);
  pkg('repo/node_modules/hoisted', ['deep']);
  pkg('repo/node_modules/hoisted/node_modules/deep');
  pkg('repo/node_modules/unused');
  pkg('repo/libs/linked', ['ofLinked']);
  pkg('repo/node_modules/ofLinked');
  symlinkSync('../libs/linked', join(root, 'repo/node_modules/linked'));
  const found = dependencyClosure(join(root, 'repo/apps/shop'), '/srv/repo/apps/shop');
  expect(new Map(found?.map(({ from, at }) => [at, from.slice(root.length)]))).toEqual(new Map([
    ['/srv/repo/node_modules/linked', '/repo/libs/linked'],
    ['/srv/repo/node_modules/hoisted', '/repo/node_modules/hoisted'],
    ['/srv/repo/node_modules/ofLinked', '/repo/node_modules/ofLinked'],
  ]));
});

test('a folder without package.json does not tell', () => {
  mkdirSync(join(root, 'bare'));
  expect(dependencyClosure(join(root, 'bare'), '/srv/bare')).toBeNull();
});
