import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dejaRun } from '../support/deja-run.ts';
import { freePort } from '../support/free-port.ts';
import { npmFolder } from '../support/npm-folder.ts';
import { testRedis } from '../support/redis.ts';
import { packagesIn, reproduce, verdictsOf } from './real-apps/deja.ts';

const installed = npmFolder(['ioredis@5']);
const server = await testRedis();
const missing = [installed, server].map((part) => ('missing' in part ? part.missing : undefined)).find((reason) => reason !== undefined);

const app = mkdtempSync(join(tmpdir(), 'deja-redis-consumer-'));
const out = join(app, 'out');
afterAll(() => rmSync(app, { recursive: true, force: true }));

/** Nobody asks this process anything: what it is sent over its subscription ends it. */
describe.skipIf(missing !== undefined)(`a consumer of messages${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  beforeAll(async () => {
    if ('missing' in installed || 'missing' in server) return;
    await using _server = server;
    cpSync(join(installed.folder, 'node_modules'), join(app, 'node_modules'), { recursive: true });
    writeFileSync(join(app, 'package.json'), '{ "name": "consumer", "version": "1.0.0", "type": "module" }');
    writeFileSync(join(app, 'consumer.js'), `
      import { createServer } from 'node:http';
      import { Redis } from 'ioredis';
      const redis = new Redis(Number(process.env.REDIS_PORT), '127.0.0.1');
      await redis.subscribe('jobs');
      redis.on('message', (channel, text) => console.log('done with', JSON.parse(text).lines.length));
      createServer((request, response) => response.end('healthy')).listen(Number(process.env.PORT), '127.0.0.1', () => console.log('it consumes'));
    `);
    const env = { PORT: String(await freePort()), REDIS_PORT: String(server.port) };
    await using running = await dejaRun(['node', 'consumer.js'], { out, ready: 'it consumes', cwd: app, env });
    const publisher = new Redis(server.port, '127.0.0.1');
    await publisher.publish('jobs', '{"lines":[1]}');
    await running.says('done with 1');
    await publisher.publish('jobs', '{}');
    publisher.disconnect();
    await running.says('.deja');
  });

  it('fails again of the message that it was sent, and not without it', async () => {
    const { code, document, stderr } = await reproduce(app, [packagesIn(out)[0] ?? 'no package', '--runs', '2', '--sandbox', 'namespace']);
    expect(verdictsOf(document), stderr).toEqual(['reproduced', 'reproduced']);
    expect({ code, control: document.control }).toMatchObject({ code: 0, control: { verdict: 'not-reproduced', removed: expect.stringContaining('message jobs') as unknown } });
  }, 120_000);
});
