/** Consumers and a producer of NATS, by both generations of its client: the broker of production is gone when their failures happen again. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPackage } from '@deja/format/node';
import { connect } from 'nats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dejaRun } from '../support/deja-run.ts';
import { freePort } from '../support/free-port.ts';
import { natsMissing, testNats } from '../support/nats.ts';
import { npmFolder } from '../support/npm-folder.ts';
import { packagesIn, reproduce, verdictsOf } from './real-apps/deja.ts';

const installed = natsMissing === null ? npmFolder(['nats@2', '@nats-io/transport-node@3', '@nats-io/jetstream@3']) : { missing: natsMissing };
const missing = 'missing' in installed ? ` (skipped: ${installed.missing})` : '';
const folder = mkdtempSync(join(tmpdir(), 'deja-nats-e2e-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(missing !== '').each(['nats', '@nats-io/transport-node'])(`%s${missing}`, (client) => {
  const service = join(folder, client.replace('/', '-'), 'queues');
  const out = join(service, '..', 'out');
  let files: readonly string[] = [];

  beforeAll(async () => {
    cpSync(join(import.meta.dirname, '..', 'apps', 'queues'), service, { recursive: true });
    if ('folder' in installed) cpSync(join(installed.folder, 'node_modules'), join(service, 'node_modules'), { recursive: true });
    await using nats = await testNats();
    const stock = createServer((_request, response) => response.end('{"left":3}')).listen(0, '127.0.0.1');
    await once(stock, 'listening');
    const others = await connect({ servers: `127.0.0.1:${nats.port}` });
    const manager = await others.jetstreamManager();
    await manager.streams.add({ name: 'RETURNS', subjects: ['returns.*'] });
    await manager.consumers.add('RETURNS', { durable_name: 'worker', max_deliver: 1 });
    others.subscribe('prices.get', { callback: (_error, message) => void message.respond(JSON.stringify({ price: message.json<{ item: string }>().item === 'free' ? 0 : 5 })) });
    const port = await freePort();
    const running = await dejaRun(['node', 'nats.js'], {
      out, ready: 'queues is listening', cwd: service,
      env: { PORT: String(port), CLIENT: client, NATS_PORT: String(nats.port), STOCK_URL: `http://127.0.0.1:${(stock.address() as AddressInfo).port}` },
    });
    const get = async (path: string): Promise<string> => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
    expect(await get('/tea')).toBe('5');
    expect(await get('/free')).toContain('a price of 0');
    await manager.jetstream().publish('returns.1', '{"item":"cup"}');
    await manager.jetstream().publish('returns.2', '{"item":"kettle"}');
    await running.says('(message returns.2)');
    others.publish('orders.new', '{"item":"cup","count":9}');
    await running.says('(message orders.new)');
    await running.stop();
    await others.close();
    stock.close();
    files = packagesIn(out);
  });

  it.each([
    [0, 'a route that asks another service over NATS', 'a price of 0', 'response', false],
    [1, 'a loop over JetStream that gives the message back', 'nobody takes kettles back', 'message', false],
    [2, 'a callback that rejects, of which the process dies', 'only 3 of cup are left', 'unhandledRejection', true],
  ])('package %i: %s', async (index, _what, text, origin, fatal) => {
    const file = files[index] ?? '';
    const { failure } = await readPackage(file);
    expect(failure).toMatchObject({ origin, fatal });
    expect(failure?.error?.message).toContain(text);
    const { code, document, stderr } = await reproduce(folder, [file, '--runs', '2']);
    expect({ code, verdicts: verdictsOf(document), control: document.control?.verdict }, stderr).toEqual({ code: 0, verdicts: ['reproduced', 'reproduced'], control: 'not-reproduced' });
  });
});
