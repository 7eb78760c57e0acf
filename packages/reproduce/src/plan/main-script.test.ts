import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ErrorPackage } from '@deja/format';
import { checkMainScript } from './main-script.js';
import type { AppPlan } from './plan.js';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'deja-main-'))));
afterEach(() => rmSync(folder, { recursive: true }));

interface Started {
  readonly script?: string;
  readonly entry?: string;
  readonly planned?: readonly string[];
}

function check({ script = '/srv/shop/dist/server.js', entry = script, planned = ['--enable-source-maps', script, '--port', '80'] }: Started = {}): void {
  const recording = { context: { process: { argv: [script], entry } } } as unknown as ErrorPackage;
  const app = { folder: '/srv/shop', arguments: planned } as unknown as AppPlan;
  checkMainScript(recording, app, `the application's folder ${folder}`, (path) => path.replace('/srv/shop', folder));
}

function put(name: string): void {
  mkdirSync(join(folder, name, '..'), { recursive: true });
  writeFileSync(join(folder, name), '');
}

describe('the main script', () => {
  test.each([[[]], [['server.js']], [['dist/index.js']], [['dist']]])('that is not there is known before anything is started (beside %j)', (files) => {
    for (const name of files) put(name);
    expect(() => check()).toThrow(expect.objectContaining({ code: 'DEJA_APP_MISSING', message: `the application's folder ${folder} has no dist/server.js, the main script that the recorded command starts`, hint: expect.stringContaining('--app') as string }));
  });

  test.each<[string, Started, string]>([
    ['that is there', {}, 'dist/server.js'],
    ['that was named without its ending', { script: '/srv/shop/dist/server', entry: '/srv/shop/dist/server.js' }, 'dist/server.js'],
    ['that a loader takes from its source', {}, 'dist/server.ts'],
    ['that is a folder', { script: '/srv/shop/dist', entry: '/srv/shop/dist' }, 'dist/package.json'],
  ])('%s is no reason to refuse', (_, started, file) => {
    put(file);
    expect(() => check(started)).not.toThrow();
  });

  test('may be another by now, or lie elsewhere, or not have been at all', () => {
    expect(() => check({ planned: ['/srv/shop/other.js'] })).not.toThrow();
    expect(() => check({ script: '/usr/lib/tool/cli.js' })).not.toThrow();
    expect(() => checkMainScript({ context: { process: { argv: [] } } } as unknown as ErrorPackage, { folder: '/srv/shop', arguments: ['-e', '1'] } as unknown as AppPlan, '', (path) => path)).not.toThrow();
  });
});
