/** The second SDK of AWS, in which much still runs: callbacks under promises, retries of its own, other ways to sign. */
import type { Scenario } from '../scenario.ts';
import { sdk2, type Sdk2 } from './s3-libraries.ts';
import { withObjects } from './s3-sdk3.ts';
import { BUCKET, bytes, CREDENTIALS, MIB, OBJECTS, read, refuse, REGION, send, shown, streamOf, told } from './s3-world.ts';

type Client = InstanceType<Sdk2['S3']>;

function scenario(name: string, ask: (client: Client) => Promise<unknown>, options: object = {}, serve: Scenario['serve'] = withObjects): Scenario {
  return {
    name: `aws-sdk 2: ${name}`,
    serve: (servers) => (sdk2(), serve(servers)),
    ask: async ({ url }) => {
      const { S3 } = sdk2();
      return shown(await ask(new S3({ endpoint: url, region: REGION, ...CREDENTIALS, s3ForcePathStyle: true, signatureVersion: 'v4', maxRetries: 2, retryDelayOptions: { base: 20 }, ...options })));
    },
  };
}

type Operation = Exclude<keyof Client, 'upload' | 'getSignedUrl'>;

function each(...calls: readonly (readonly [Operation, object?])[]): (client: Client) => Promise<unknown> {
  return async (client) => {
    const seen: unknown[] = [];
    for (const [operation, params] of calls) seen.push(await told(() => client[operation]({ Bucket: BUCKET, ...params }).promise()));
    return seen;
  };
}

export const throughSdk2: readonly Scenario[] = [
  scenario('get', each(['getObject', { Key: 'a.txt' }], ['getObject', { Key: 'large.bin' }], ['getObject', { Key: 'a.txt', Range: 'bytes=4-9' }])),
  scenario('get a stream', async (client) => [await read(client.getObject({ Bucket: BUCKET, Key: 'large.bin' }).createReadStream()), await read(client.getObject({ Bucket: BUCKET, Key: 'none' }).createReadStream())]),
  scenario('what is not there', each(['getObject', { Key: 'none' }], ['headObject', { Key: 'none' }], ['getObject', { Bucket: 'nowhere', Key: 'a' }])),
  scenario('conditions', each(['getObject', { Key: 'a.txt', IfMatch: '"other"' }], ['getObject', { Key: 'a.txt', IfModifiedSince: new Date('2100-01-01') }])),
  scenario('put', each(['putObject', { Key: 'n', Body: 'text', Metadata: { who: 'Ann' } }], ['putObject', { Key: 'n', Body: bytes(5000) }], ['headObject', { Key: 'n' }])),
  scenario('put, digested', each(['putObject', { Key: 'n', Body: bytes(5000) }]), { computeChecksums: true }),
  scenario('upload a stream', async (client) => [await told(() => client.upload({ Bucket: BUCKET, Key: 'up', Body: streamOf(bytes(50_000)) }).promise()), await told(() => client.upload({ Bucket: BUCKET, Key: 'up', Body: streamOf(bytes(6 * MIB), 100_000) }, { queueSize: 1 }).promise())]),
  scenario('list', each(['listObjectsV2', { Prefix: 'folder/', Delimiter: '/' }], ['listObjectsV2', { MaxKeys: 2 }], ['listObjects', { MaxKeys: 2, Marker: 'a.txt' }])),
  scenario('copy and delete', each(['copyObject', { Key: 'copy', CopySource: `${BUCKET}/a.txt` }], ['deleteObjects', { Delete: { Objects: [{ Key: 'copy' }, { Key: 'none' }] } }])),
  scenario('tags', each(['putObjectTagging', { Key: 'a.txt', Tagging: { TagSet: [{ Key: 'k', Value: 'v' }] } }], ['getObjectTagging', { Key: 'a.txt' }])),
  scenario('presigned', async (client) => {
    const [get, put] = ['getObject', 'putObject'].map((operation) => client.getSignedUrl(operation, { Bucket: BUCKET, Key: 'a.txt', Expires: 60 }));
    const response = await fetch(get ?? '');
    return [response.status, await response.text(), (await fetch(put ?? '', { method: 'PUT', body: 'new' })).status];
  }),
  scenario('slow down, once', each(['getObject', { Key: 'a.txt' }]), {}, ({ s3 }) => s3({ objects: OBJECTS, between: async (_, response, count, pass) => (count === 1 ? refuse(response, 503, 'SlowDown', 'Please reduce your request rate.') : send(response, await pass())) })),
  scenario('slow down, always', each(['getObject', { Key: 'a.txt' }]), {}, ({ s3 }) => s3({ objects: OBJECTS, between: (_, response) => refuse(response, 503, 'SlowDown', 'Please reduce your request rate.') })),
  scenario('a reset', each(['getObject', { Key: 'a.txt' }]), {}, ({ s3 }) => s3({ between: (_, response) => void setTimeout(() => response.socket?.resetAndDestroy(), 30) })),
  scenario('an end within the body', (client) => read(client.getObject({ Bucket: BUCKET, Key: 'large.bin' }).createReadStream()), { maxRetries: 0 }, ({ s3 }) => s3({ objects: OBJECTS, between: async (_, response, __, pass) => {
    const { status, headers, body } = await pass();
    response.writeHead(status, [...headers]).write(body.subarray(0, 1000));
    setTimeout(() => response.socket?.destroy(), 30);
  } })),
  scenario('a wrong secret', each(['getObject', { Key: 'a.txt' }]), { secretAccessKey: 'wrong' }),
  scenario('nobody listens', each(['getObject', { Key: 'a.txt' }]), { maxRetries: 0 }, ({ closed }) => closed()),
  scenario('never an answer', each(['getObject', { Key: 'a.txt' }]), { maxRetries: 0, httpOptions: { timeout: 450 } }, ({ s3 }) => s3({ between: () => undefined })),
];
