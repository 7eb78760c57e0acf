import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { CapturedApp } from '../support/captured-app.ts';

const register = pathToFileURL(join(import.meta.dirname, '..', '..', 'packages', 'capture', 'dist', 'register.js')).href;

test.each([true, false])('init, state, captureException and entry (preloaded: %s)', async (capture) => {
  await using app = await CapturedApp.start('api.mjs', { capture });
  expect(await app.get('/reported')).toEqual({ status: 200, text: 'fine' });
  const [reported] = await app.packages(1);
  expect(reported?.manifest).toMatchObject({ service: 'named', release: '7.1.0', summary: 'TypeError: handled by the application (GET /reported)' });
  expect(reported?.failure).toMatchObject({ origin: 'captureException', fatal: false, error: { name: 'TypeError' } });
  expect(reported?.failure?.response).toBeUndefined();
  expect(reported?.timeline).toMatchObject([{ kind: 'state', name: 'cart', outcome: { ok: { value: { lines: 2 } } } }]);
  expect(JSON.stringify([reported?.timeline, reported?.state])).not.toContain('correct horse');
  expect((await app.get('/twice')).status).toBe(500);
  expect(await app.get('/job')).toEqual({ status: 200, text: 'the job failed' });
  const packages = await app.packages(3);
  expect(packages).toHaveLength(3);
  expect(packages.find(({ failure }) => failure?.error?.message === 'reported and thrown')?.failure).toMatchObject({ origin: 'captureException', response: { status: 500 } });
  const job = packages.find(({ failure }) => failure?.error?.name === 'RangeError');
  expect(job?.manifest.summary).toBe('RangeError: the job failed (nightly)');
  expect(job?.context.requests[0]?.trigger).toEqual({ kind: 'start' });
  expect(job?.timeline.filter(({ scope }) => scope?.in === 'request' && scope.request === 0)).toMatchObject([{ kind: 'state', name: 'attempts' }]);
});

test('a start that crashes is a package without request, with what was exchanged until then', async () => {
  await using app = await CapturedApp.start('broken-start.mjs');
  expect(await app.exited).toBe(1);
  const [pkg] = await app.packages(1);
  expect(pkg?.failure).toMatchObject({ fatal: true, error: { name: 'SyntaxError' } });
  expect(pkg?.context.requests[0]?.trigger).toMatchObject({ kind: 'start' });
  expect(pkg?.timeline.filter(({ kind }) => kind === 'http')).toMatchObject([{ outcome: { ok: { body: { text: 'settings' } } } }]);
});

test('a tool that works, npm, and worker threads are left in peace', () => {
  const folder = mkdtempSync(join(tmpdir(), 'deja-quiet-'));
  try {
    const out = join(folder, 'packages');
    const env = { ...process.env, DEJA_OUT: out, NODE_OPTIONS: `--import=${register}` };
    const worker = 'const { Worker } = require("node:worker_threads"); new Worker("throw new Error(1)", { eval: true }).on("error", () => console.log("told"));';
    writeFileSync(join(folder, 'worker.cjs'), worker);
    writeFileSync(join(folder, 'package.json'), '{"name":"x","scripts":{"fail":"exit 3"}}');
    expect(spawnSync(process.execPath, ['-p', '1 + 1'], { env, cwd: folder, encoding: 'utf8' })).toMatchObject({ status: 0, stdout: '2\n', stderr: '' });
    expect(spawnSync(process.execPath, ['worker.cjs'], { env, cwd: folder, encoding: 'utf8' })).toMatchObject({ status: 0, stdout: 'told\n', stderr: '' });
    expect(spawnSync('npm', ['run', '--silent', 'fail'], { env, cwd: folder, encoding: 'utf8' }).status).toBe(3);
    expect(existsSync(out)).toBe(false);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
