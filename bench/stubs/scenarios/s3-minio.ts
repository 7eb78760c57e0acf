/** MinIO's client for S3: streams, parts of its own size, bodies signed in other ways. */
import { Readable } from 'node:stream';
import type { Scenario } from '../scenario.ts';
import { minio, type Minio } from './s3-libraries.ts';
import { withObjects } from './s3-sdk3.ts';
import { BUCKET, bytes, CREDENTIALS, MIB, OBJECTS, read, refuse, REGION, shown, told } from './s3-world.ts';

type Client = InstanceType<Minio['Client']>;

function scenario(name: string, ask: (client: Client) => Promise<unknown>, options: object = {}, serve: Scenario['serve'] = withObjects): Scenario {
  return {
    name: `minio: ${name}`,
    serve: (servers) => (minio(), serve(servers)),
    ask: async ({ host, port, url }) => {
      const { Client } = minio();
      const { accessKeyId: accessKey, secretAccessKey: secretKey } = CREDENTIALS;
      return shown(await ask(new Client({ endPoint: host, port, useSSL: url.startsWith('https'), region: REGION, accessKey, secretKey, ...options })));
    },
  };
}

async function all(...asking: readonly (() => Promise<unknown>)[]): Promise<unknown> {
  const seen: unknown[] = [];
  for (const one of asking) seen.push(await told(one));
  return seen;
}

async function listed(client: Client, prefix: string, recursive: boolean): Promise<unknown> {
  const found: unknown[] = [];
  for await (const one of client.listObjectsV2(BUCKET, prefix, recursive)) found.push(one);
  return found;
}

export const throughMinio: readonly Scenario[] = [
  scenario('get', (client) => all(async () => await read(await client.getObject(BUCKET, 'large.bin')), async () => await read(await client.getPartialObject(BUCKET, 'a.txt', 4, 6)))),
  scenario('what is not there', (client) => all(() => client.statObject(BUCKET, 'none'), () => client.getObject(BUCKET, 'none'), () => client.bucketExists('nowhere'), () => client.statObject(BUCKET, 'a.txt'))),
  scenario('put', (client) => all(() => client.putObject(BUCKET, 'n', 'text', undefined, { 'X-Amz-Meta-Who': 'Ann' }), () => client.putObject(BUCKET, 'n', bytes(5000)), () => client.statObject(BUCKET, 'n'))),
  scenario('put a stream of unknown length', (client) => all(() => client.putObject(BUCKET, 'n', Readable.from([bytes(40_000), bytes(30_000)])), async () => await read(await client.getObject(BUCKET, 'n')))),
  scenario('put in parts', (client) => all(() => client.putObject(BUCKET, 'n', Readable.from([bytes(6 * MIB)]), 6 * MIB), () => client.statObject(BUCKET, 'n')), { partSize: 5 * MIB }),
  scenario('list', (client) => all(() => listed(client, 'folder/', false), () => listed(client, '', true), () => listed(client, 'nothing', true))),
  scenario('delete', (client) => all(() => client.removeObject(BUCKET, 'a.txt'), () => client.removeObjects(BUCKET, ['folder/1.txt', 'none']))),
  scenario('tags', (client) => all(() => client.setObjectTagging(BUCKET, 'a.txt', { k: 'v' }), () => client.getObjectTagging(BUCKET, 'a.txt'))),
  scenario('buckets', (client) => all(() => client.makeBucket('another'), () => client.makeBucket('another'), () => client.removeBucket('another'), () => client.removeBucket(BUCKET))),
  scenario('presigned', async (client) => {
    const response = await fetch(await client.presignedGetObject(BUCKET, 'a.txt', 60));
    return [response.status, await response.text(), (await fetch(await client.presignedPutObject(BUCKET, 'p', 60), { method: 'PUT', body: 'new' })).status];
  }),
  scenario('over TLS', (client) => all(() => client.putObject(BUCKET, 'n', 'text'), () => client.putObject(BUCKET, 'n', Readable.from([bytes(40_000)])), async () => await read(await client.getObject(BUCKET, 'n'))), {}, ({ s3 }) => s3({ objects: OBJECTS, https: true })),
  scenario('a wrong secret', (client) => all(() => client.getObject(BUCKET, 'a.txt')), { secretKey: 'wrong' }),
  scenario('slow down', (client) => all(() => client.getObject(BUCKET, 'a.txt')), {}, ({ s3 }) => s3({ between: (_, response) => refuse(response, 503, 'SlowDown', 'Please reduce your request rate.') })),
  scenario('an end within the body', (client) => all(async () => await read(await client.getObject(BUCKET, 'large.bin'))), {}, ({ s3 }) => s3({ objects: OBJECTS, between: async (_, response, __, pass) => {
    const { status, headers, body } = await pass();
    response.writeHead(status, [...headers]).write(body.subarray(0, 1000));
    setTimeout(() => response.socket?.destroy(), 30);
  } })),
  scenario('nobody listens', (client) => all(() => client.getObject(BUCKET, 'a.txt')), {}, ({ closed }) => closed()),
];
