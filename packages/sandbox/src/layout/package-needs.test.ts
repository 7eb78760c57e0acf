import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { packageNeeds } from './package-needs.js';

const AT = '/srv/app';
let root: string;
beforeEach(() => (root = realpathSync(mkdtempSync(join(tmpdir(), 'deja-needless-')))));
afterEach(() => rmSync(root, { recursive: true }));

function put(path: string, content: string | object = ''): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), typeof content === 'string' ? content : JSON.stringify(content));
}

function pkg(name: string, dependencies: readonly string[] = []): void {
  put(`node_modules/${name}/package.json`, { name, dependencies: Object.fromEntries(dependencies.map((one) => [one, '*'])) });
}

function leftOut(words: readonly string[]): readonly string[] {
  return [...(packageNeeds({ from: root, at: AT }, { words, cwd: AT })?.needless ?? [])].map((path) => path.slice(root.length + 1)).toSorted();
}

test('packages for development are of no use, with what only they depend on; what nobody declares stays', () => {
  put('package.json', { dependencies: { used: '*' }, optionalDependencies: { maybe: '*' }, devDependencies: { tester: '*' } });
  put('main.js');
  pkg('used', ['shared']);
  pkg('maybe');
  pkg('shared');
  pkg('tester', ['shared', 'ofTester']);
  pkg('ofTester');
  pkg('unexplained');
  expect(leftOut([`${AT}/main.js`])).toEqual(['node_modules/ofTester', 'node_modules/tester']);
});

test('what a file that is reached has in quotes stays, whatever it is declared as', () => {
  put('package.json', { devDependencies: { pretty: '*', '@scope/dynamic': '*', required: '*', tester: '*' } });
  put('src/main.js', "import './lib/log.js';\nimport('@scope/dynamic/part');");
  put('src/lib/log.ts', "export const options = { transport: { target: 'pretty' } };\nconst other = require(\"./other\");");
  put('src/lib/other/index.cjs', 'require(`required`)');
  put('src/main.test.js', "import 'tester';");
  for (const name of ['pretty', '@scope/dynamic', 'required', 'tester']) pkg(name);
  expect(leftOut(['src/main.js'])).toEqual(['node_modules/tester']);
});

test.each([['--import', 'loader'], ['--import=loader/register'], ['-r', 'loader']])('what Node is told to load stays: %s %s', (...options) => {
  put('package.json', { devDependencies: { loader: '*', tester: '*' } });
  put('main.ts');
  pkg('loader', ['ofLoader']);
  pkg('ofLoader');
  pkg('tester');
  expect(leftOut([...options, 'main.ts'])).toEqual(['node_modules/tester']);
});

test('of a repository of several packages: what the started one and those that it leads to need', () => {
  put('package.json', { workspaces: ['*'], optionalDependencies: { tool: '*' } });
  put('api/package.json', { name: 'api', dependencies: { hoisted: '*', lib: '*' } });
  put('api/main.js', "import '../borrowed/code.js';");
  put('lib/package.json', { name: 'lib', exports: { '.': { default: './dist/entry.js' } }, dependencies: { ofLib: '*' }, devDependencies: { undeclared: '*' } });
  put('lib/dist/entry.js', "import 'undeclared';");
  put('borrowed/package.json', { name: 'borrowed', dependencies: { ofBorrowed: '*' } });
  put('borrowed/code.js');
  put('web/package.json', { name: 'web', dependencies: { ofWeb: '*' } });
  for (const name of ['tool', 'hoisted', 'ofLib', 'undeclared', 'ofBorrowed', 'ofWeb']) pkg(name);
  symlinkSync('../lib', join(root, 'node_modules/lib'));
  expect(leftOut(['api/main.js'])).toEqual(['node_modules/ofWeb', 'node_modules/tool']);
});

test('what is needed of the folders above, also where only the command or a file names it', () => {
  put('apps/api/package.json', { dependencies: { declared: '*' }, devDependencies: { loader: '*', tester: '*' } });
  put('apps/api/main.ts', "import 'phantom/part';");
  for (const name of ['declared', 'loader', 'phantom', 'tester', 'other']) pkg(name);
  const needs = packageNeeds({ from: join(root, 'apps/api'), at: '/srv/apps/api' }, { words: ['--import', 'loader', 'main.ts'], cwd: '/srv/apps/api' });
  expect(needs?.outside.map(({ at }) => at).toSorted()).toEqual(['declared', 'loader', 'phantom'].map((name) => `/srv/node_modules/${name}`));
});

test('a command that names no file of the application leaves nothing out', () => {
  put('package.json', { dependencies: { framework: '*' }, devDependencies: { tester: '*' } });
  put('node_modules/framework/cli.js');
  pkg('framework');
  pkg('tester');
  for (const words of [['node_modules/framework/cli.js'], ['missing.js'], ['-e', '1'], []]) expect(packageNeeds({ from: root, at: AT }, { words, cwd: AT })).toBeNull();
});
