import { gunzipSync } from 'node:zlib';
import { bodyBytes } from '@deja/format/node';
import { describe, expect, test } from 'vitest';
import { CapturedApp } from '../support/captured-app.ts';
import { nodeOfMajor, npmFolder } from '../support/npm-folder.ts';

describe.each([20, 22, 24, 26])('Node %i', (major) => {
  const runtime = nodeOfMajor(major);
  if ('missing' in runtime) {
    test.skip(`capture (${runtime.missing})`, () => {});
    return;
  }
  const { node } = runtime;

  test('an answer of 500 with its exchanges, by fetch and by http', async () => {
    await using app = await CapturedApp.start('plain.cjs', { node });
    await app.get('/broken', { method: 'PUT', body: 'given' });
    const [pkg] = await app.packages(1);
    expect(pkg?.context.process.node.split('.')[0]).toBe(String(major));
    expect(pkg?.failure).toMatchObject({ origin: 'response', response: { status: 500, body: { text: 'no' } } });
    expect(pkg?.context.requests[0]).toMatchObject({ trigger: { method: 'PUT' } });
    expect(pkg?.timeline.filter((event) => event.scope?.in === 'request' && event.scope.request === 0)).toMatchObject([
      { kind: 'http', method: 'POST', body: { text: 'sent' }, outcome: { ok: { status: 200, body: { text: 'up' } } } },
      { kind: 'http', method: 'GET', outcome: { ok: { status: 200, body: { text: 'up' } } } },
    ]);
    expect(app.output).not.toContain('deja:');
  });

  test.each(['/throw', '/late'])('a crash in %s belongs to its request', async (path) => {
    await using app = await CapturedApp.start('plain.cjs', { node });
    await app.get(path).catch(() => {});
    expect(await app.exited).toBe(1);
    const [pkg] = await app.packages(1);
    expect(pkg?.failure).toMatchObject({ fatal: true, origin: path === '/throw' ? 'uncaughtException' : 'unhandledRejection' });
    expect(pkg?.context.requests[0]?.trigger).toMatchObject({ target: path });
  });

  test.each(['express.mjs', 'fastify.mjs', 'koa.mjs', 'koa.cjs'])('the error behind a 500 of %s', async (script) => {
    await using app = await CapturedApp.start(script, { node });
    await app.get('/thrown');
    const [pkg] = await app.packages(1);
    expect(pkg?.failure).toMatchObject({ origin: 'framework', error: { name: 'TypeError' }, response: { status: 500 } });
  });
});

describe.each([6, 7, 8])('undici %i', (major) => {
  const made = npmFolder([`undici@${major}`]);
  if ('missing' in made) {
    test.skip(`capture (${made.missing})`, () => {});
    return;
  }
  test('bodies both ways, as on the wire', async () => {
    await using app = await CapturedApp.start('undici.mjs', { packages: made.folder });
    await app.get('/');
    const [pkg] = await app.packages(1);
    const own = pkg?.timeline.filter((event) => event.scope?.in === 'request' && event.scope.request === 0);
    expect(own).toMatchObject([
      { body: { text: 'whole' }, outcome: { ok: { status: 200, body: { text: 'echo:whole' } } } },
      { body: { text: 'in parts' }, outcome: { ok: { body: { text: 'echo:in parts' } } } },
      { outcome: { ok: { headers: expect.arrayContaining([['Content-Encoding', 'gzip']]) as unknown } } },
    ]);
    const [first, second, third] = own ?? [];
    expect(first?.kind === 'http' && first.headers).toContainEqual(['content-length', '5']);
    expect(second?.kind === 'http' && second.headers).toContainEqual(['transfer-encoding', 'chunked']);
    if (!pkg || third?.kind !== 'http' || !('ok' in third.outcome) || !third.outcome.ok.body) throw new Error('no body');
    expect(gunzipSync(bodyBytes(pkg.blobs, third.outcome.ok.body)).toString()).toBe('hello');
  });
});
