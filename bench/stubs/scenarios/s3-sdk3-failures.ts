/** What goes wrong between the third SDK and a server: the server's circumstances, the way there, the clock, the rights. */
import { lookup } from 'node:dns';
import { existsSync, readFileSync } from 'node:fs';
import { Agent } from 'node:http';
import type { LookupFunction } from 'node:net';
import type { S3Wanted, Scenario } from '../scenario.ts';
import { pause, WAIT_MS } from '../seen.ts';
import type { Sdk3 } from './s3-libraries.ts';
import { type Ask, type Options, scenario } from './s3-sdk3.ts';
import { BUCKET, bytes, CREDENTIALS, MIB, OBJECTS, refuse, send, streamOf, told } from './s3-world.ts';

type Between = NonNullable<S3Wanted['between']>;

const get: Ask = ({ tell }) => tell('GetObjectCommand', { Key: 'a.txt' });
const getLarge: Ask = ({ tell }) => tell('GetObjectCommand', { Key: 'large.bin' });
const put: Ask = ({ tell }) => tell('PutObjectCommand', { Key: 'n', Body: 'text' });

/** The server's own answer, but for the first so many. */
function atFirst(times: number, failing: Between): Between {
  return async (request, response, count, pass) => (count <= times ? await failing(request, response, count, pass) : send(response, await pass()));
}

/** The first so many bytes of the server's answer, and the connection ends. */
function cutAfter(length: number, how: 'end' | 'reset'): Between {
  return async (_, response, __, pass) => {
    const { status, headers, body } = await pass();
    response.writeHead(status, [...headers]).write(body.subarray(0, length));
    setTimeout(() => (how === 'end' ? response.socket?.destroy() : response.socket?.resetAndDestroy()), 30);
  };
}

const slowDown: Between = (_, response) => refuse(response, 503, 'SlowDown', 'Please reduce your request rate.');

const flipped: Between = async (_, response, __, pass) => {
  const answer = await pass();
  const changed = Buffer.from(answer.body);
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
  send(response, answer, changed);
};

/** Names of the sandbox where they are known, this machine otherwise: as a resolver for `*.localhost` would say. */
const nearby: LookupFunction = (name, options, done) => {
  const hosts = existsSync('/etc/hosts') ? readFileSync('/etc/hosts', 'utf8') : '';
  lookup(hosts.split(/\s+/).includes(name) ? name : 'localhost', options, done);
};

export function failures(sdk: Sdk3): readonly Scenario[] {
  const of = (name: string, ask: Ask, options?: Options, serve?: Scenario['serve']): Scenario => scenario(sdk, name, ask, options, serve);
  const between = (name: string, how: Between, ask: Ask = get, options?: Options): Scenario => of(name, ask, options, ({ s3 }) => s3({ objects: OBJECTS, between: how }));
  const upload: Ask = async ({ client, tell }) => [
    await told(() => new (sdk.storage().Upload)({ client, params: { Bucket: BUCKET, Key: 'up.bin', Body: streamOf(bytes(6 * MIB), 100_000) }, queueSize: 1 }).done()),
    await tell('ListMultipartUploadsCommand'),
  ];
  return [
    between('slow down, twice', atFirst(2, slowDown)),
    between('slow down, always', slowDown),
    between('slow down, while putting', atFirst(1, slowDown), put),
    between('an error of the server, then none', atFirst(1, (_, response) => refuse(response, 500, 'InternalError', 'We encountered an internal error. Please try again.'))),
    between('an error without a word', (_, response) => response.writeHead(502, { 'content-type': 'text/html' }).end('<html>Bad Gateway</html>')),
    between('an answer that is no XML', (_, response) => response.writeHead(200, { 'content-type': 'application/xml' }).end('<ListBucketResult><Contents><Key>a'), ({ tell }) => tell('ListObjectsV2Command')),
    between('an error after 200', (_, response) => response.writeHead(200, { 'content-type': 'application/xml' }).end('<?xml version="1.0" encoding="UTF-8"?><Error><Code>InternalError</Code><Message>We encountered an internal error. Please try again.</Message></Error>'), ({ tell }) => tell('CopyObjectCommand', { Key: 'copy', CopySource: `${BUCKET}/a.txt` })),
    between('a bucket that is elsewhere', (_, response) => refuse(response, 301, 'PermanentRedirect', 'The bucket you are attempting to access must be addressed using the specified endpoint.', { 'x-amz-bucket-region': 'eu-west-1' })),
    between('a token that has expired', (_, response) => refuse(response, 400, 'ExpiredToken', 'The provided token has expired.'), get, { credentials: { ...CREDENTIALS, sessionToken: 'session-token-of-this-test' } }),
    between('a reset instead of an answer, once', atFirst(1, (_, response) => void setTimeout(() => response.socket?.resetAndDestroy(), 30))),
    between('a reset instead of an answer, always', (_, response) => void setTimeout(() => response.socket?.resetAndDestroy(), 30)),
    between('a reset within the body', cutAfter(100_000, 'reset'), getLarge),
    between('an end within the body', cutAfter(100_000, 'end'), getLarge),
    between('a body that is another', flipped, getLarge),
    between('a body that is another, checks asked for', flipped, ({ tell }) => tell('GetObjectCommand', { Key: 'large.bin', ChecksumMode: 'ENABLED' })),
    between('never an answer', () => undefined, get, { maxAttempts: 1, requestHandler: { requestTimeout: WAIT_MS, throwOnRequestTimeout: true, socketTimeout: WAIT_MS } }),
    between('an answer after some time', async (_, response, __, pass) => { await pause(); send(response, await pass()); }),
    between('a request that is taken back', () => undefined, async ({ client, sdk: { GetObjectCommand } }) => await told(() => client.send(new GetObjectCommand({ Bucket: BUCKET, Key: 'a.txt' }), { abortSignal: AbortSignal.timeout(150) }))),
    between('a part that fails once', async (_, response, count, pass) => {
      const answer = await pass();
      if (count === 3) refuse(response, 500, 'InternalError', 'Please try again.');
      else send(response, answer);
    }, upload),
    between('a part that fails for good', async (request, response, _, pass) => {
      const answer = await pass();
      if (request.url?.includes('partNumber=2')) refuse(response, 500, 'InternalError', 'Please try again.');
      else send(response, answer);
    }, upload),
    of('a clock that is late, and then set', async (one, of) => [await get(one, of), await get(one, of)], { systemClockOffset: -3_600_000 }),
    of('a key that nobody knows', get, { credentials: { ...CREDENTIALS, accessKeyId: 'SOMEBODYELSE' } }),
    of('a secret that is wrong', get, { credentials: { ...CREDENTIALS, secretAccessKey: 'wrong' } }),
    of('no signature at all', get, { signer: { sign: async (request) => request } }),
    of('no credentials', get, { credentials: async () => await Promise.reject(new Error('nobody gave me any')) }),
    of('a host for the bucket', ({ tell }) => tell('GetObjectCommand', { Bucket: 'things', Key: 'a.txt' }), { forcePathStyle: false, requestHandler: { httpAgent: new Agent({ lookup: nearby }) } }, async ({ s3 }) => await s3({ objects: OBJECTS, virtualHosts: true })),
    of('nobody listens', get, {}, ({ closed }) => closed()),
    of('connecting never ends', get, { maxAttempts: 1, requestHandler: { connectionTimeout: WAIT_MS } }, ({ silent }) => silent()),
    of('a name that does not resolve', get, { maxAttempts: 1 }, ({ nameless }) => nameless()),
    of('a certificate that nobody trusts', get, { maxAttempts: 1 }, ({ https }) => https((_, response) => response.end(), 'self-signed')),
  ];
}
