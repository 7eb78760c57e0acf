import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { ErrorPackage, HttpEvent } from '@deja/format';
import { bodyBytes } from '@deja/format/node';
import { expect, test } from 'vitest';
import { CapturedApp } from '../support/captured-app.ts';

const exchanges = (pkg: ErrorPackage): readonly HttpEvent[] =>
  pkg.timeline.filter((event) => event.kind === 'http').filter((event) => event.scope?.in === 'request' && event.scope.request === 0);

const sent = (pkg: ErrorPackage, event: HttpEvent): string => (event.body ? Buffer.from(bodyBytes(pkg.blobs, event.body)).toString() : '');

test('Node\'s own client: heads and bodies as on the wire, answers that break, what the application did at its start', async () => {
  await using app = await CapturedApp.start('plain.mjs');
  await app.get('/http');
  const [pkg] = await app.packages(1);
  if (!pkg) throw new Error('no package');
  expect(pkg.failure).toMatchObject({ origin: 'response', fatal: false, response: { status: 502, body: { text: 'bad gateway' } } });
  expect(pkg.timeline.filter((event) => event.scope?.in === 'boot')).toMatchObject([{ kind: 'http', method: 'GET', url: expect.stringContaining('/boot') as string }]);
  const [echo, gzip, cut] = exchanges(pkg);
  if (!echo || !gzip || !cut || !('ok' in echo.outcome) || !('ok' in gzip.outcome) || !('error' in cut.outcome)) throw new Error('outcomes');
  expect(sent(pkg, echo)).toBe('hello');
  expect(echo).toMatchObject({ method: 'POST', url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/echo$/) as string, peer: { address: '127.0.0.1' } });
  expect(echo.headers).toContainEqual(['X-Mixed-Case', 'a']);
  expect(echo.outcome.ok).toMatchObject({ status: 201, statusText: 'Made', httpVersion: '1.1', body: { text: 'echo:hello' }, trailers: [['X-After', 'done']] });
  expect(echo.outcome.ok.headers).toContainEqual(['X-Up', 'one']);
  expect(echo.outcome.ok.chunks?.map(([, bytes]) => bytes)).toEqual([5, 5]);
  expect(gunzipSync(bodyBytes(pkg.blobs, gzip.outcome.ok.body ?? { text: '' })).toString()).toBe('{"hello":"world"}');
  expect(cut.outcome.error).toMatchObject({ code: 'ECONNRESET', phase: 'receive', bytes: 12 });
  expect(cut.outcome.error.fields).toBeUndefined();
  expect(cut.outcome.partial).toMatchObject({ status: 200, body: { text: 'twelve bytes' } });
  expect(pkg.failure?.afterSeq).toBe(Math.max(...exchanges(pkg).map(({ seq }) => seq)));
  expect([...pkg.timeline].map(({ done }) => done)).toEqual(expect.arrayContaining([1, 2, 3, 4]));
  expect(pkg.context.listening).toHaveLength(2);
  expect(pkg.context.startMs).toBeGreaterThan(0);
});

test('fetch: what a refused, a cut, an abandoned and an unfinished exchange look like', async () => {
  await using app = await CapturedApp.start('plain.mjs');
  await app.get('/fetch');
  const [pkg] = await app.packages(1);
  if (!pkg) throw new Error('no package');
  const [echo, gzip, cut, refused, abandoned, pending] = exchanges(pkg);
  expect(echo && sent(pkg, echo)).toBe('{"a":1}');
  expect(echo?.headers).toContainEqual(['content-length', '7']);
  expect(echo?.outcome).toMatchObject({ ok: { status: 201, body: { text: 'echo:{"a":1}' }, trailers: [['X-After', 'done']] } });
  if (!gzip || !('ok' in gzip.outcome)) throw new Error('gzip');
  expect(gunzipSync(bodyBytes(pkg.blobs, gzip.outcome.ok.body ?? { text: '' })).toString()).toBe('{"hello":"world"}');
  expect(cut?.outcome).toMatchObject({ error: { phase: 'receive', bytes: 12 }, partial: { body: { text: 'twelve bytes' } } });
  expect(refused?.outcome).toMatchObject({ error: { code: 'ECONNREFUSED', phase: 'connect' } });
  expect(abandoned?.outcome).toMatchObject({ error: { phase: 'wait', fields: { aborted: 'client' } } });
  expect(pending?.outcome).toEqual({ pending: {} });
});

test('connections that fail say in which phase', async () => {
  await using app = await CapturedApp.start('plain.mjs');
  await app.get('/errors');
  const [pkg] = await app.packages(1);
  const [refused, unknown, slow] = pkg ? exchanges(pkg) : [];
  expect(refused?.outcome).toMatchObject({ error: { code: 'ECONNREFUSED', phase: 'connect' } });
  expect(unknown?.outcome).toMatchObject({ error: { phase: 'dns', syscall: 'getaddrinfo' } });
  expect(slow?.outcome).toMatchObject({ error: { message: 'too slow', phase: 'wait', fields: { aborted: 'client' } } });
});

test('bodies flow as without capture, and are kept when they are read', async () => {
  await using app = await CapturedApp.start('plain.mjs');
  expect(await app.get('/unread', { method: 'POST', body: 'never read' })).toEqual({ status: 500, text: 'unread' });
  await app.get('/body', { method: 'POST', body: '{"name":"Ann","password":"correct horse"}', headers: { 'content-type': 'application/json' } });
  const packages = await app.packages(2);
  expect(packages.map(({ manifest }) => manifest.summary)).toContain('status 500 (POST /body)');
  const trigger = packages.map((pkg) => pkg.context.requests[0]?.trigger).find((one) => one?.kind === 'http' && one.target === '/body');
  if (trigger?.kind !== 'http' || !trigger.body || !('text' in trigger.body)) throw new Error('no body');
  expect(trigger).toMatchObject({ method: 'POST', httpVersion: '1.1', local: { address: '127.0.0.1', port: app.port } });
  expect(trigger.body.text).toMatch(/^\{"name":"Ann","password":"[^"]+"\}$/);
  expect(trigger.body.text).not.toContain('correct horse');
});

test('healthy requests and answers below 500 leave nothing behind', async () => {
  await using app = await CapturedApp.start('plain.mjs');
  await app.get('/ok');
  await app.get('/missing');
  await app.get('/http');
  expect(await app.packages(1)).toHaveLength(1);
});

test('the requests that overlapped a failing one are in its package, those before it are not', async () => {
  await using app = await CapturedApp.start('plain.mjs');
  await app.get('/ok?before');
  const slow = app.get('/slow');
  await app.get('/ok?during');
  await app.get('/http');
  const [pkg] = await app.packages(1);
  await slow;
  const targets = pkg?.context.requests.flatMap(({ trigger }) => (trigger.kind === 'http' ? [trigger.target] : []));
  expect(targets?.[0]).toBe('/http');
  expect(targets).toContain('/slow');
  expect(targets).not.toContain('/ok?before');
  const own = pkg?.timeline.filter((event) => event.scope?.in === 'request' && event.scope.request === targets?.indexOf('/slow'));
  expect(own).toMatchObject([{ kind: 'http', body: { text: 'slow' } }]);
  expect(pkg?.timeline.map(({ seq }) => seq)).toEqual(pkg?.timeline.map((_, index) => index + 1));
});

test.each([
  ['/throw', 'unhandledRejection', 'TypeError', 'thrown in a handler'],
  ['/timer', 'uncaughtException', 'RangeError', 'thrown in a timer'],
])('a crash in %s is written before the process ends, and belongs to its request', async (path, origin, name, message) => {
  await using app = await CapturedApp.start('plain.mjs');
  await app.get(path).catch(() => {});
  expect(await app.exited).toBe(1);
  const [pkg, ...more] = await app.packages(1);
  expect(more).toEqual([]);
  expect(pkg?.failure).toMatchObject({ origin, fatal: true, error: { name, message } });
  expect(pkg?.failure?.error?.frames[0]).toMatchObject({ file: 'plain.mjs', inApp: true });
  expect(pkg?.context.requests[0]?.trigger).toMatchObject({ kind: 'http', target: path });
});

test('an application that handles what reaches the process lives on, and the failure is captured once', async () => {
  await using app = await CapturedApp.start('plain.mjs', { env: { HANDLERS: 'swallow' } });
  expect((await app.get('/swallowed')).text).toBe('still here');
  app.get('/timer').catch(() => {});
  const packages = await app.packages(2);
  expect(packages.map(({ failure }) => [failure?.origin, failure?.fatal, failure?.error?.message].join(' ')).toSorted()).toEqual([
    'uncaughtException false thrown in a timer',
    'unhandledRejection false nobody cares',
  ]);
  expect((await app.get('/ok')).status).toBe(200);
});

test('an application that ends itself in its own handler dies of the error', async () => {
  await using app = await CapturedApp.start('plain.mjs', { env: { HANDLERS: 'exit' } });
  await app.get('/timer').catch(() => {});
  expect(await app.exited).toBe(7);
  const [pkg, ...more] = await app.packages(1);
  expect(more).toEqual([]);
  expect(pkg?.failure).toMatchObject({ origin: 'uncaughtException', fatal: true, error: { name: 'RangeError' } });
});

test('more failures than allowed are counted and said, not written', async () => {
  await using app = await CapturedApp.start('plain.mjs', { env: { DEJA_LIMITS: 'packages=2' } });
  for (let n = 0; n < 5; n += 1) await app.get('/body', { method: 'POST', body: 'x' });
  expect(await app.packages(2)).toHaveLength(2);
  expect(app.output.match(/more failures than are packaged/g)).toHaveLength(1);
});

test('a replay writes a package for each recorded request before its answer is out, failed or not', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'deja-replay-'));
  try {
    const instructions = join(folder, 'replay.json');
    writeFileSync(instructions, JSON.stringify({ requests: [{ request: 3, method: 'GET', target: '/ok' }, { request: 0, method: 'GET', target: '/http' }, { request: 5, method: 'GET', target: '/ok' }] }));
    await using app = await CapturedApp.start('plain.mjs', { env: { DEJA_REPLAY: instructions, DEJA_LIMITS: 'packages=0' } });
    for (const [path, file] of [['/ok', 'request-3.deja'], ['/http', 'request-0.deja'], ['/ok', 'request-5.deja']] as const) {
      await app.get(path);
      expect(existsSync(join(app.out, file)), file).toBe(true);
    }
    const [failed, healthy] = await app.packages(3);
    expect(failed?.failure).toMatchObject({ origin: 'response', response: { status: 502, body: { text: 'bad gateway' } } });
    expect(healthy).toMatchObject({ failure: null, manifest: { summary: null, capture: { mode: 'replay' } } });
    expect(healthy?.context.requests[0]).toMatchObject({ trigger: { target: '/ok' }, response: { status: 200, body: { text: 'ok' } } });
    await app.get('/timer').catch(() => {});
    await app.exited;
    expect(app.files()).toContain('unmatched-1.deja');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
