/** Consumers and a producer of Kafka by kafkajs: the broker of production is gone when their failures happen again. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPackage } from '@deja/format/node';
import { Kafka } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dejaRun } from '../support/deja-run.ts';
import { freePort } from '../support/free-port.ts';
import { kafkaMissing, testKafka } from '../support/kafka.ts';
import { npmFolder } from '../support/npm-folder.ts';
import { packagesIn, reproduce, verdictsOf } from './real-apps/deja.ts';

const installed = kafkaMissing === null ? npmFolder(['kafkajs@2']) : { missing: kafkaMissing };
const missing = 'missing' in installed ? ` (skipped: ${installed.missing})` : '';
const folder = mkdtempSync(join(tmpdir(), 'deja-kafka-e2e-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(missing !== '')(`kafkajs${missing}`, () => {
  const service = join(folder, 'queues');
  const out = join(folder, 'out');
  let files: readonly string[] = [];

  beforeAll(async () => {
    cpSync(join(import.meta.dirname, '..', 'apps', 'queues'), service, { recursive: true });
    if ('folder' in installed) cpSync(join(installed.folder, 'node_modules'), join(service, 'node_modules'), { recursive: true });
    await using kafka = await testKafka();
    const stock = createServer((_request, response) => response.end('{"left":3}')).listen(0, '127.0.0.1');
    await once(stock, 'listening');
    const others = new Kafka({ clientId: 'others', brokers: [`127.0.0.1:${kafka.port}`], logLevel: 0 });
    const admin = others.admin();
    await admin.connect();
    await admin.createTopics({ topics: ['orders', 'returns', 'visits', 'reserved'].map((topic) => ({ topic, numPartitions: 2 })) });
    await admin.disconnect();
    const producer = others.producer();
    await producer.connect();
    const port = await freePort();
    const running = await dejaRun(['node', 'kafka.js'], {
      out, ready: 'queues is listening', cwd: service,
      env: { PORT: String(port), KAFKA_PORT: String(kafka.port), STOCK_URL: `http://127.0.0.1:${(stock.address() as AddressInfo).port}` },
    });
    const get = async (path: string): Promise<string> => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
    expect(await get('/elsewhere')).toBe('sent as 0');
    expect(await get('/large')).toContain('larger than the max message size');
    await producer.send({ topic: 'returns', messages: [{ value: 'cup', partition: 0 }, { value: 'kettle', partition: 0 }] });
    await running.says('(message returns)');
    await producer.send({ topic: 'orders', messages: [{ key: 'a', value: '{"item":"cup","count":9}', headers: { trace: 't1' } }] });
    await running.says('(message orders a)');
    await running.stop();
    await producer.disconnect();
    stock.close();
    files = packagesIn(out);
  }, 120_000);

  it.each([
    ['a route whose message is too large', 'larger than the max message size', 'response', 'not-reproduced'],
    ['a batch', 'nobody takes kettles back, of 2', 'message', undefined],
    ['a message', 'only 3 of cup are left', 'message', 'not-reproduced'],
  ])('%s', async (_what, text, origin, control) => {
    const packages = await Promise.all(files.map(async (file) => ({ file, failure: (await readPackage(file)).failure })));
    const { file = '', failure } = packages.find((one) => one.failure?.error?.message.includes(text)) ?? {};
    expect(failure).toMatchObject({ origin, fatal: false });
    const { code, document, stderr } = await reproduce(folder, [file, '--runs', '2', ...(control === undefined ? ['--no-control'] : [])]);
    expect({ code, verdicts: verdictsOf(document), control: document.control?.verdict }, stderr).toEqual({ code: 0, verdicts: ['reproduced', 'reproduced'], control });
  });
});
