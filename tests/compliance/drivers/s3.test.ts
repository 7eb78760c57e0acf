import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { observe, type Observation, type Observed } from '../../support/observed-app.ts';

const INSTRUMENT = { 'drivers/s3.js': 's3', 'http/client.js': 'installHttpClient' };

/** As much of S3 as the test asks for; objects live in memory. */
const objects = new Map<string, Buffer>([['/receipts/47 a.json', Buffer.from('{"total": 12}')]]);
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const path = decodeURIComponent(new URL(request.url ?? '', 'http://x').pathname);
    if (path.startsWith('/credentials')) {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ AccessKeyId: 'AKIAEXAMPLE', SecretAccessKey: 'secret', Token: 't', Expiration: new Date(Date.now() + 3_600_000).toISOString() }));
    } else if (request.method === 'PUT') {
      objects.set(path, Buffer.concat(chunks));
      response.setHeader('etag', '"1"').end();
    } else if (objects.has(path)) {
      response.setHeader('content-type', 'application/json').end(objects.get(path));
    } else {
      response.writeHead(404, { 'content-type': 'application/xml' }).end('<?xml version="1.0"?><Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>');
    }
  });
});

const source = (type: 'esm' | 'cjs'): string => `
  ${type === 'esm' ? "import { S3Client, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'; import http from 'node:http';" : "const { S3Client, GetObjectCommand, PutObjectCommand } = require('@aws-sdk/client-s3'); const http = require('node:http');"}
  const say = (...parts) => console.log(JSON.stringify(parts));
  const own = (path) => new Promise((done) => http.get(process.env.ENDPOINT + path, (response) => response.resume().on('end', done)));
  async function main() {
    const client = new S3Client({ endpoint: process.env.ENDPOINT, region: 'eu-central-1', forcePathStyle: true, requestChecksumCalculation: 'WHEN_REQUIRED', responseChecksumValidation: 'WHEN_REQUIRED' });
    const got = await client.send(new GetObjectCommand({ Bucket: 'receipts', Key: '47 a.json' }));
    say(await got.Body.transformToString());
    await own('/own/1');
    await client.send(new PutObjectCommand({ Bucket: 'receipts', Key: 'new', Body: 'hello' }));
    await client.send(new GetObjectCommand({ Bucket: 'receipts', Key: 'none' })).catch((error) => say(error.name, error.$metadata.httpStatusCode));
    await new Promise((done) => client.send(new GetObjectCommand({ Bucket: 'receipts', Key: 'new' }), (error, result) => result.Body.on('data', (chunk) => own('/own/2').then(() => { say(String(chunk)); done(); }))));
  }
  main().catch((error) => { console.error('main failed', error); process.exitCode = 1; });
`;

let env: Record<string, string>;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  env = { ENDPOINT: endpoint, AWS_CONTAINER_CREDENTIALS_FULL_URI: `${endpoint}/credentials`, AWS_EC2_METADATA_DISABLED: 'true', AWS_CONFIG_FILE: '/nonexistent', AWS_SHARED_CREDENTIALS_FILE: '/nonexistent' };
});
afterAll(() => void server.close());

describe.each(['esm', 'cjs'] as const)('%s', (type) => {
  test('exchanges of S3 say what they are about; those for credentials and those of the application do not', async () => {
    const plain = await observe({ source: source(type), type, instrument: {}, env });
    const seen: Observation = await observe({ source: source(type), type, instrument: INSTRUMENT, env });
    expect(plain.stdout, plain.stderr).toBe('["{\\"total\\": 12}"]\n["NoSuchKey",404]\n["hello"]\n');
    expect([seen.stdout, seen.stderr]).toEqual([plain.stdout, plain.stderr]);
    const http = seen.events.filter((event): event is Observed<'http'> => event.kind === 'http');
    const about = http.map((event) => [event.method, new URL(event.url).pathname, event.service ?? null, event.attributes?.['rpc.method'], event.attributes?.['aws.s3.bucket'], event.attributes?.['aws.s3.key']]);
    expect(about).toEqual([
      ['GET', '/credentials', null, undefined, undefined, undefined],
      ['GET', '/receipts/47%20a.json', 's3', 'GetObject', 'receipts', '47 a.json'],
      ['GET', '/own/1', null, undefined, undefined, undefined],
      ['PUT', '/receipts/new', 's3', 'PutObject', 'receipts', 'new'],
      ['GET', '/receipts/none', 's3', 'GetObject', 'receipts', 'none'],
      ['GET', '/receipts/new', 's3', 'GetObject', 'receipts', 'new'],
      ['GET', '/own/2', null, undefined, undefined, undefined],
    ]);
  });
});
