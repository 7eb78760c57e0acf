import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPackage } from '@deja/format/node';
import { npmFolder } from '../support/npm-folder.ts';
import { testRedis } from '../support/redis.ts';
import { captureRedisCommander, type RedisCommanderDays } from './real-apps/capture-redis-commander.ts';
import { packagesIn, reproduce, verdictsOf } from './real-apps/deja.ts';
import { userNode } from './real-apps/user-node.ts';

const installed = npmFolder(['redis-commander@0.9.0']);
const node = userNode(20);
const probed = await testRedis();
if (!('missing' in probed)) await probed[Symbol.asyncDispose]();
const missing = [installed, node, probed].map((part) => ('missing' in part ? part.missing : undefined)).find((reason) => reason !== undefined);
const out = mkdtempSync(join(tmpdir(), 'deja-redis-commander-'));
afterAll(() => rmSync(out, { recursive: true, force: true }));

describe.skipIf(missing !== undefined)(`redis-commander 0.9.0${missing === undefined ? '' : ` (skipped: ${missing})`}: a key that has expired is decoded, and the process ends`, () => {
  let days: RedisCommanderDays;
  let file: string;
  const folder = 'missing' in installed ? '' : installed.folder;
  beforeAll(async () => {
    const server = await testRedis();
    if ('missing' in server || 'missing' in node) throw new Error('it was there a moment ago');
    await using _server = server;
    days = await captureRedisCommander(folder, node.node, server, out);
    file = packagesIn(out)[0] ?? 'no package';
  });

  it('is captured with the answer that caused it', async () => {
    expect(days).toMatchObject({ end: { code: 1, signal: null }, healthy: 200 });
    const { failure, timeline, manifest } = await readPackage(file);
    expect(manifest.service).toBe('redis-commander');
    expect(failure).toMatchObject({ origin: 'uncaughtException', fatal: true, error: { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' } });
    expect(failure?.error?.frames.find(({ inApp }) => inApp)?.file).toMatch(/lib\/routes\/apiv1\.js$/);
    const own = timeline.filter(({ scope }) => scope?.in === 'request' && scope.request === 0);
    expect(own).toMatchObject([{ kind: 'redis', command: ['get', 'session:2'], outcome: { ok: { null: true } } }]);
  });

  it('is reproduced three times out of three with the server gone; a key that is there is decoded', async () => {
    const { code, document } = await reproduce(folder, [file, '--runs', '3']);
    expect(verdictsOf(document)).toEqual(['reproduced', 'reproduced', 'reproduced']);
    expect({ code, verdict: document.verdict }).toEqual({ code: 0, verdict: 'reproduced' });
    expect(document.control).toMatchObject({ verdict: 'not-reproduced', removed: expect.stringContaining('get session:2') as unknown });
  }, 120_000);
});
