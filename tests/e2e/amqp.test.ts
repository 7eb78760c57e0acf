/** Consumers and producers of RabbitMQ by amqplib, with promises and with callbacks: the broker of production is gone when their failures happen again. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPackage } from '@deja/format/node';
import { connect } from 'amqplib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dejaRun } from '../support/deja-run.ts';
import { freePort } from '../support/free-port.ts';
import { npmFolder } from '../support/npm-folder.ts';
import { rabbitMissing, testRabbit } from '../support/rabbitmq.ts';
import { packagesIn, reproduce, verdictsOf } from './real-apps/deja.ts';

const installed = rabbitMissing === null ? npmFolder(['amqplib@2']) : { missing: rabbitMissing };
const missing = 'missing' in installed ? ` (skipped: ${installed.missing})` : '';
const folder = mkdtempSync(join(tmpdir(), 'deja-amqp-e2e-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(missing !== '').each(['promises', 'callbacks'])(`amqplib with %s${missing}`, (style) => {
  const service = join(folder, style, 'queues');
  const out = join(service, '..', 'out');
  let files: readonly string[] = [];

  beforeAll(async () => {
    cpSync(join(import.meta.dirname, '..', 'apps', 'queues'), service, { recursive: true });
    if ('folder' in installed) cpSync(join(installed.folder, 'node_modules'), join(service, 'node_modules'), { recursive: true });
    await using rabbit = await testRabbit();
    const stock = createServer((_request, response) => response.end('{"left":3}')).listen(0, '127.0.0.1');
    await once(stock, 'listening');
    const url = `amqp://guest:guest@127.0.0.1:${rabbit.port}`;
    const others = await connect(url);
    const channel = await others.createChannel();
    await channel.assertQueue('full', { arguments: { 'x-max-length': 0, 'x-overflow': 'reject-publish' } });
    const port = await freePort();
    const running = await dejaRun(['node', 'amqp.js'], {
      out, ready: 'queues is listening', cwd: service,
      env: { PORT: String(port), STYLE: style, AMQP_URL: url, STOCK_URL: `http://127.0.0.1:${(stock.address() as AddressInfo).port}` },
    });
    const get = async (path: string): Promise<string> => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
    expect(await get('/elsewhere')).toBe('sent');
    expect(await get('/full')).toContain('message nacked');
    expect(await get('/missing')).toContain("no queue 'nowhere'");
    channel.publish('shop', 'order.1', Buffer.from('{"item":"cup","count":1}'), { correlationId: 'c1' });
    channel.publish('shop', 'order.2', Buffer.from('{"item":"cup","count":9}'), { correlationId: 'c2', headers: { tries: 2, first: true } });
    await running.says('(message shop order.2)');
    channel.sendToQueue('returns', Buffer.from('{"item":"kettle"}'));
    await running.says('nobody takes kettles back (message');
    await running.stop();
    await others.close();
    stock.close();
    files = packagesIn(out);
  }, 120_000);

  it.each([
    [0, 'a route whose message is not confirmed', 'message nacked', 'response', false],
    [1, 'a route whose channel is closed', "no queue 'nowhere'", 'response', false],
    [2, 'a consumer that refuses the message', 'only 3 of cup are left', 'message', false],
    [3, 'a consumer that rejects, of which the process dies', 'nobody takes kettles back', 'unhandledRejection', true],
  ])('package %i: %s', async (index, _what, text, origin, fatal) => {
    const file = files[index] ?? '';
    const { failure } = await readPackage(file);
    expect(failure).toMatchObject({ origin, fatal });
    expect(failure?.error?.message).toContain(text);
    const { code, document, stderr } = await reproduce(folder, [file, '--runs', '2']);
    expect({ code, verdicts: verdictsOf(document), control: document.control?.verdict }, stderr).toEqual({ code: 0, verdicts: ['reproduced', 'reproduced'], control: 'not-reproduced' });
  });
});
