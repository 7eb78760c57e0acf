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
  pkg('repo/apps/shop', ['hoisted', 'own', 'linked', '@repo/scoped', 'absent']);
  pkg('repo/apps/shop/node_modules/own', ['hoisted']);
  pkg('repo/node_modules/hoisted', ['deep']);
  pkg('repo/node_modules/hoisted/node_modules/deep');
  pkg('repo/node_modules/unused');
  pkg('repo/libs/linked', ['ofLinked']);
  pkg('repo/node_modules/ofLinked');
  pkg('repo/libs/scoped', ['ofScoped']);
  pkg('repo/node_modules/ofScoped');
  symlinkSync('../libs/linked', join(root, 'repo/node_modules/linked'));
  mkdirSync(join(root, 'repo/node_modules/@repo'));
  symlinkSync('../../libs/scoped', join(root, 'repo/node_modules/@repo/scoped'));
  const found = dependencyClosure(join(root, 'repo/apps/shop'), '/srv/repo/apps/shop');
  expect(new Map(found?.map(({ from, at }) => [at, from.slice(root.length)]))).toEqual(new Map([
    ['/srv/repo/node_modules/linked', '/repo/node_modules/linked'],
    ['/srv/repo/libs/linked', '/repo/libs/linked'],
    ['/srv/repo/node_modules/@repo/scoped', '/repo/node_modules/@repo/scoped'],
    ['/srv/repo/libs/scoped', '/repo/libs/scoped'],
    ['/srv/repo/node_modules/ofScoped', '/repo/node_modules/ofScoped'],
    ['/srv/repo/node_modules/hoisted', '/repo/node_modules/hoisted'],
    ['/srv/repo/node_modules/ofLinked', '/repo/node_modules/ofLinked'],
  ]));
});

test('a store of packages, as pnpm has it: links lead where they led, and packages in the store find each other there', () => {
  pkg('shared/apps/api', ['direct']);
  pkg('shared/node_modules/.pnpm/direct@1/node_modules/direct', ['indirect']);
  pkg('shared/node_modules/.pnpm/indirect@2/node_modules/indirect');
  mkdirSync(join(root, 'shared/apps/api/node_modules'));
  symlinkSync('../../../node_modules/.pnpm/direct@1/node_modules/direct', join(root, 'shared/apps/api/node_modules/direct'));
  symlinkSync('../../indirect@2/node_modules/indirect', join(root, 'shared/node_modules/.pnpm/direct@1/node_modules/indirect'));
  const found = dependencyClosure(join(root, 'shared/apps/api'), '/srv/shared/apps/api');
  const store = '/shared/node_modules/.pnpm';
  expect(new Map(found?.map(({ from, at }) => [at, from.slice(root.length)]))).toEqual(new Map([
    [`/srv${store}/direct@1/node_modules/direct`, `${store}/direct@1/node_modules/direct`],
    [`/srv${store}/direct@1/node_modules/indirect`, `${store}/direct@1/node_modules/indirect`],
    [`/srv${store}/indirect@2/node_modules/indirect`, `${store}/indirect@2/node_modules/indirect`],
  ]));
});

test('what is not meant is left out, with what only it depends on', () => {
  pkg('bundled', ['inside', 'outside']);
  pkg('bundled/../node_modules/inside', ['ofInside']);
  pkg('node_modules/ofInside');
  pkg('node_modules/outside');
  const found = dependencyClosure(join(root, 'bundled'), '/srv/bundled', ({ from }) => !from.endsWith('/inside'));
  expect(found?.map(({ at }) => at)).toEqual(['/srv/node_modules/outside']);
});

test('a folder without package.json does not tell', () => {
  mkdirSync(join(root, 'bare'));
  expect(dependencyClosure(join(root, 'bare'), '/srv/bare')).toBeNull();
});
