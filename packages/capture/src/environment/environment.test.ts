import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Redactor } from '../redact/redactor.js';
import { applicationInfo } from './application-info.js';
import { entryOf, rootOf } from './application-root.js';
import { joinNodeOptions, splitNodeOptions, withoutOwnOptions } from './own-variables.js';
import { processInfo, type StartedProcess } from './process-info.js';

let folder = '';
const files: Readonly<Record<string, string>> = {
  'package.json': '{"name":"shop","version":"3.2.1","dependencies":{"pg":"^8","missing":"^1"},"devDependencies":{"vite":"^5"}}',
  'src/main.js': 'console.log(1)',
  'node_modules/pg/package.json': '{"name":"pg","version":"8.13.0"}',
  'node_modules/published/package.json': '{"name":"published","version":"4.0.0","dependencies":{"pg":"*"}}',
  'node_modules/published/dist/package.json': '{"type":"commonjs"}',
  'node_modules/published/dist/server.js': '',
  'node_modules/folder/package.json': '{"name":"folder"}',
  'node_modules/folder/index.js': '',
};

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'deja-environment-')));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  mkdirSync(join(folder, 'node_modules', '.bin'));
  symlinkSync('../published/dist/server.js', join(folder, 'node_modules', '.bin', 'published'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('root of the application', () => {
  test("the working folder for the user's own code", () => {
    expect(entryOf('src/main', folder)).toBe(join(folder, 'src/main.js'));
    expect(rootOf(join(folder, 'src/main.js'), folder)).toBe(folder);
  });
  test('its own package folder for a published application, started by its bin', () => {
    const entry = entryOf('node_modules/.bin/published', folder);
    expect(entry).toBe(join(folder, 'node_modules/published/dist/server.js'));
    expect(rootOf(entry, folder)).toBe(join(folder, 'node_modules/published'));
  });
  test('the nearest package of an entry outside the working folder', () => {
    expect(rootOf(join(folder, 'src/main.js'), '/')).toBe('/');
    expect(rootOf(join(folder, 'src/main.js'), '/usr')).toBe(folder);
  });
  test('a folder as script, and no script', () => {
    expect(entryOf('node_modules/folder', folder)).toBe(join(folder, 'node_modules/folder/index.js'));
    expect(entryOf(undefined, folder)).toBeUndefined();
    expect(rootOf(undefined, folder)).toBe(folder);
  });
});

test('name, version, installed dependencies and the hash of the entry', () => {
  expect(applicationInfo(folder, join(folder, 'src/main.js'))).toEqual({
    name: 'shop', version: '3.2.1', dependencies: { pg: '8.13.0' }, entryHash: createHash('sha256').update('console.log(1)').digest('hex'),
  });
  expect(applicationInfo(join(folder, 'nowhere'), undefined)).toEqual({ dependencies: {} });
});

test('the process without Deja and without secrets', () => {
  const started: StartedProcess = {
    cwd: folder, entry: join(folder, 'src/main.js'), root: folder, uid: 1000,
    argv: [join(folder, 'src/main.js'), '--token=abc-123-def'],
    execArgv: ['--enable-source-maps', '--import', '@deja/capture/register', '--import=file:///opt/x/node_modules/@deja/capture/dist/register.js', '-r', './own.cjs'],
    env: { PATH: '/bin', DEJA_OUT: 'x', NODE_OPTIONS: '--import "file:///a b/packages/capture/dist/register.js" --max-old-space-size=512', DB_PASSWORD: 'hunter22!' },
  };
  const info = processInfo(started, new Redactor());
  expect(info.execArgv).toEqual(['--enable-source-maps', '-r', './own.cjs']);
  expect(info.argv[1]).toMatch(/^--token=redacted-/);
  expect(info.env).toEqual({ PATH: '/bin', NODE_OPTIONS: '--max-old-space-size=512', DB_PASSWORD: expect.stringMatching(/^redacted-/) });
});

test('NODE_OPTIONS that are all ours leave nothing; quotes are read as Node reads them', () => {
  expect(withoutOwnOptions(splitNodeOptions('--import=@deja/capture/register'))).toEqual([]);
  expect(splitNodeOptions(String.raw`-r "./a \"b\".cjs" --x="c d"`)).toEqual(['-r', './a "b".cjs', '--x=c d']);
  expect(splitNodeOptions(joinNodeOptions(['-r', './a "b".cjs', '--x=c d']))).toEqual(['-r', './a "b".cjs', '--x=c d']);
});
