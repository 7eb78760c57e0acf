import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Agent as HttpAgent } from 'node:http';
import { Agent, request } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import type { HeaderList } from '@deja/format';
import { freePort } from '../testing/free-port.js';
import { httpExchange, portOf, startForTest, stopAfterTest, testAuthority } from '../testing/plan.js';

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  await stopAfterTest();
});

/** As a sandbox makes the recorded name exist: it leads to the stub. */
function undici(options: Agent.Options = {}): Agent {
  const agent = new Agent({ ...options, connect: { ca: testAuthority.pem, lookup: (_, __, done) => done(null, [{ address: '127.0.0.1', family: 4 }]) } });
  closers.push(() => agent.destroy());
  return agent;
}

describe('undici over HTTPS', () => {
  it('gets the recorded answer, body cut off where it was cut off', async () => {
    const port = await freePort();
    const headers: HeaderList = [['content-type', 'application/json'], ['content-length', '20']];
    const exchanges = [
      httpExchange({ seq: 1, url: `https://pay.example:${port}/charge`, method: 'POST', headers: [['content-type', 'application/json']], body: { text: '{"cents":1200}' } }, { status: 503, headers: [['retry-after', '3'], ['content-length', '4']], body: { text: 'busy' } }),
      httpExchange({ seq: 2, url: `https://pay.example:${port}/cut` }, { error: { message: 'other side closed', code: 'UND_ERR_SOCKET', phase: 'receive', bytes: 5 }, partial: { status: 200, headers, body: { text: '{"a":' } } }),
    ];
    const stubs = await startForTest({ http: [{ host: 'pay.example', port, tls: true, exchanges }] }, { resolve: () => ({ address: '127.0.0.1', port }) });
    const dispatcher = undici();
    const charge = await request(`https://pay.example:${port}/charge`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{ "cents": 1200 }', dispatcher });
    expect([charge.statusCode, charge.headers['retry-after'], await charge.body.text()]).toEqual([503, '3', 'busy']);
    const cut = await request(`https://pay.example:${port}/cut`, { dispatcher });
    await expect(cut.body.text()).rejects.toMatchObject({ code: 'UND_ERR_SOCKET', message: 'other side closed' });
    expect(stubs.divergences).toEqual([]);
  });

  it('times out again where it timed out', async () => {
    const exchange = httpExchange({ seq: 1, url: 'http://127.0.0.1:9/slow', ms: 100 }, { error: { name: 'HeadersTimeoutError', message: 'Headers Timeout Error', code: 'UND_ERR_HEADERS_TIMEOUT' } });
    const stubs = await startForTest({ http: [{ host: '127.0.0.1', port: 9, tls: false, exchanges: [exchange] }] });
    await expect(request(`http://127.0.0.1:${portOf(stubs)}/slow`, { headers: { host: '127.0.0.1:9' }, dispatcher: undici({ headersTimeout: 100 }) })).rejects.toMatchObject({ code: 'UND_ERR_HEADERS_TIMEOUT' });
  });
});

const NO_SUCH_KEY = '<?xml version="1.0" encoding="UTF-8"?><Error><Code>NoSuchKey</Code><Message>not there</Message></Error>';

describe('S3 through the AWS SDK', () => {
  it.each([true, false])('gets and puts exact bytes, path style %s', async (forcePathStyle) => {
    const port = await freePort();
    const base = forcePathStyle ? `http://localhost:${port}/receipts` : `http://receipts.localhost:${port}`;
    const bytes = Buffer.from([0xff, 0x00, 0x0d, 0x0a, 0x80]);
    const exchanges = [
      httpExchange({ seq: 1, url: `${base}/a%20b.bin?x-id=GetObject` }, { headers: [['content-type', 'application/octet-stream'], ['Content-Length', '5'], ['ETag', '"e"']], body: { base64: bytes.toString('base64') } }),
      httpExchange({ seq: 2, url: `${base}/put.txt?x-id=PutObject`, method: 'PUT', headers: [['content-type', 'text/plain'], ['x-amz-date', '20200101T000000Z'], ['x-amz-sdk-checksum-algorithm', 'CRC32']], body: { text: 'hello' } }, { headers: [['ETag', '"p"'], ['Content-Length', '0']] }),
      httpExchange({ seq: 3, url: `${base}/none?x-id=GetObject` }, { status: 404, headers: [['content-type', 'application/xml'], ['content-length', String(NO_SUCH_KEY.length)]], body: { text: NO_SUCH_KEY } }),
    ];
    const stubs = await startForTest({ http: [{ host: new URL(base).hostname, port, tls: false, exchanges }] }, { resolve: () => ({ address: '127.0.0.1', port }) });
    const s3 = new S3Client({ region: 'eu-west-1', endpoint: `http://localhost:${port}`, forcePathStyle, credentials: { accessKeyId: 'a', secretAccessKey: 'b' }, maxAttempts: 1, requestHandler: { httpAgent: new HttpAgent({ lookup: (_, __, done) => done(null, [{ address: '127.0.0.1', family: 4 }]) }) } });
    closers.push(() => s3.destroy());
    const got = await s3.send(new GetObjectCommand({ Bucket: 'receipts', Key: 'a b.bin' }));
    expect([Buffer.from((await got.Body?.transformToByteArray()) ?? []), got.ETag]).toEqual([bytes, '"e"']);
    expect((await s3.send(new PutObjectCommand({ Bucket: 'receipts', Key: 'put.txt', Body: 'hello', ContentType: 'text/plain' }))).ETag).toBe('"p"');
    await expect(s3.send(new GetObjectCommand({ Bucket: 'receipts', Key: 'none' }))).rejects.toMatchObject({ name: 'NoSuchKey' });
    await expect(s3.send(new PutObjectCommand({ Bucket: 'receipts', Key: 'put.txt', Body: 'other', ContentType: 'text/plain' }))).rejects.toThrow();
    expect(stubs.divergences.map((divergence) => divergence.nearest?.seq)).toEqual([2]);
    expect(stubs.served.map((served) => served.seq)).toEqual([1, 2, 3]);
  });
});
