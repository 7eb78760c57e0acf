/** The third SDK of AWS, with its uploads and its signed addresses: what it does, and what the server says to it. */
import type { Readable } from 'node:stream';
import type { Scenario, Servers, Where } from '../scenario.ts';
import type { S3Client, Sdk, Sdk3 } from './s3-libraries.ts';
import { BUCKET, bytes, CREDENTIALS, MIB, OBJECTS, read, REGION, shown, streamOf, told } from './s3-world.ts';

export type Options = ConstructorParameters<Sdk['S3Client']>[0];

/** One client, its commands by name. */
export interface Talk {
  readonly sdk: Sdk;
  readonly client: S3Client;
  readonly at: Where;
  /** A command of this name for the bucket `things`, and what came of it. */
  readonly say: (command: keyof Sdk, params?: object) => Promise<Record<string, unknown>>;
  /** The same with its body read, or its error. */
  readonly tell: (command: keyof Sdk, params?: object) => Promise<unknown>;
}

export function talk(sdk: Sdk, at: Where, options: Options = {}): Talk {
  const client = new sdk.S3Client({ endpoint: at.url, region: REGION, forcePathStyle: true, credentials: CREDENTIALS, maxAttempts: 3, ...options });
  const say = async (command: keyof Sdk, params: object = {}): Promise<Record<string, unknown>> => {
    const Command = sdk[command] as new (input: object) => Parameters<S3Client['send']>[0];
    return await client.send(new Command({ Bucket: BUCKET, ...params })) as unknown as Record<string, unknown>;
  };
  return { sdk, client, at, say, tell: (command, params) => told(async () => await whole(await say(command, params))) };
}

/** An answer with its body read. */
async function whole(answer: Record<string, unknown>): Promise<unknown> {
  const { Body: body, ...rest } = answer;
  return body === undefined ? rest : { ...rest, Body: await read(body as Readable) };
}

export type Ask = (talk: Talk, sdk: Sdk3) => Promise<unknown>;

export function scenario(sdk: Sdk3, name: string, ask: Ask, options: Options = {}, serve: Scenario['serve'] = withObjects): Scenario {
  return {
    name: `${sdk.name}: ${name}`,
    // Where it cannot be had, nothing is recorded.
    serve: (servers) => (sdk.s3(), serve(servers)),
    ask: async (at) => {
      const one = talk(sdk.s3(), at, options);
      try {
        return shown(await ask(one, sdk));
      } finally {
        one.client.destroy();
      }
    },
  };
}

export function withObjects({ s3 }: Servers): Promise<Where> {
  return s3({ objects: OBJECTS });
}

const overHttps: Scenario['serve'] = ({ s3 }) => s3({ objects: OBJECTS, https: true });

/** One command after another. */
function each(...commands: readonly (readonly [keyof Sdk, object?])[]): Ask {
  return async ({ tell }) => {
    const seen: unknown[] = [];
    for (const [command, params] of commands) seen.push(await tell(command, params));
    return seen;
  };
}

async function parts({ say, tell }: Talk): Promise<unknown> {
  const { UploadId } = await say('CreateMultipartUploadCommand', { Key: 'parts.bin', Metadata: { by: 'hand' } });
  const upload = { Key: 'parts.bin', UploadId };
  const content = bytes(5 * MIB + 1000);
  const made: object[] = [];
  for (const [index, Body] of [content.subarray(0, 5 * MIB), content.subarray(5 * MIB)].entries()) {
    const { ETag } = await say('UploadPartCommand', { ...upload, PartNumber: index + 1, Body });
    made.push({ ETag, PartNumber: index + 1 });
  }
  return [await tell('ListPartsCommand', upload), await tell('ListMultipartUploadsCommand'), await tell('CompleteMultipartUploadCommand', { ...upload, MultipartUpload: { Parts: made } }), await tell('GetObjectCommand', { Key: 'parts.bin', Range: `bytes=${5 * MIB - 20}-${5 * MIB + 19}` })];
}

async function aborted({ say, tell }: Talk): Promise<unknown> {
  const { UploadId } = await say('CreateMultipartUploadCommand', { Key: 'parts.bin' });
  const upload = { Key: 'parts.bin', UploadId };
  const first = await tell('UploadPartCommand', { ...upload, PartNumber: 1, Body: 'only so much' });
  return [first, await tell('AbortMultipartUploadCommand', upload), await tell('UploadPartCommand', { ...upload, PartNumber: 2, Body: 'more' }), await tell('ListPartsCommand', upload)];
}

async function tooSmall({ say, tell }: Talk): Promise<unknown> {
  const { UploadId } = await say('CreateMultipartUploadCommand', { Key: 'parts.bin' });
  const made: object[] = [];
  for (const PartNumber of [1, 2]) made.push({ PartNumber, ETag: (await say('UploadPartCommand', { Key: 'parts.bin', UploadId, PartNumber, Body: `part ${PartNumber}` }))['ETag'] });
  return [await tell('CompleteMultipartUploadCommand', { Key: 'parts.bin', UploadId, MultipartUpload: { Parts: made } }), await tell('CompleteMultipartUploadCommand', { Key: 'parts.bin', UploadId, MultipartUpload: { Parts: [{ PartNumber: 1, ETag: '"0"' }] } })];
}

async function pages({ sdk, client }: Talk): Promise<unknown> {
  const seen: unknown[] = [];
  for await (const page of sdk.paginateListObjectsV2({ client, pageSize: 3 }, { Bucket: BUCKET })) seen.push(page);
  return seen;
}

/** What a presigned address answers to whoever has it. */
async function fetched(address: string, init?: RequestInit): Promise<unknown> {
  const response = await fetch(address, init);
  return { status: response.status, etag: response.headers.get('etag'), type: response.headers.get('content-type'), body: await response.text() };
}

export function operations(sdk: Sdk3): readonly Scenario[] {
  const of = (name: string, ask: Ask, options?: Options, serve?: Scenario['serve']): Scenario => scenario(sdk, name, ask, options, serve);
  const upload = (Body: () => unknown, more: object = {}): Ask => async ({ client, tell }) => [
    await told(() => new (sdk.storage().Upload)({ client, params: { Bucket: BUCKET, Key: 'up.bin', Body: Body() }, queueSize: 1, ...more }).done()),
    await tell('HeadObjectCommand', { Key: 'up.bin' }),
  ];
  const signed = async ({ client }: Talk, command: object, expiresIn = 600): Promise<string> => await sdk.presigner().getSignedUrl(client, command, { expiresIn });
  return [
    of('get', each(['GetObjectCommand', { Key: 'a.txt' }], ['GetObjectCommand', { Key: 'large.bin' }], ['GetObjectCommand', { Key: 'grüße/ü b+c&d.txt' }])),
    of('get, checks asked for', each(['GetObjectCommand', { Key: 'a.txt', ChecksumMode: 'ENABLED' }])),
    of('ranges', each(['GetObjectCommand', { Key: 'a.txt', Range: 'bytes=4-9' }], ['GetObjectCommand', { Key: 'a.txt', Range: 'bytes=-2' }], ['GetObjectCommand', { Key: 'a.txt', Range: 'bytes=100-' }])),
    of('conditions', async ({ say, tell }) => {
      const { ETag, LastModified } = await say('HeadObjectCommand', { Key: 'a.txt' });
      return [await tell('GetObjectCommand', { Key: 'a.txt', IfNoneMatch: ETag }), await tell('GetObjectCommand', { Key: 'a.txt', IfMatch: '"other"' }), await tell('HeadObjectCommand', { Key: 'a.txt', IfModifiedSince: LastModified }), await tell('PutObjectCommand', { Key: 'a.txt', Body: 'b', IfNoneMatch: '*' })];
    }),
    of('no such key, no such bucket', each(['GetObjectCommand', { Key: 'none' }], ['HeadObjectCommand', { Key: 'none' }], ['GetObjectCommand', { Bucket: 'nowhere', Key: 'a' }], ['HeadBucketCommand', { Bucket: 'nowhere' }])),
    of('put text, bytes and nothing', each(['PutObjectCommand', { Key: 'n', Body: 'text' }], ['PutObjectCommand', { Key: 'n', Body: bytes(5000) }], ['PutObjectCommand', { Key: 'n' }], ['GetObjectCommand', { Key: 'n' }])),
    of('put with all that goes with it', each(['PutObjectCommand', { Key: 'm', Body: 'x', ContentType: 'text/plain; charset=utf-8', CacheControl: 'no-cache', ContentDisposition: 'attachment; filename="x y.txt"', Metadata: { who: 'Ann', 'two-words': 'a b' }, Tagging: 'a=1&b=2' }], ['HeadObjectCommand', { Key: 'm' }], ['GetObjectTaggingCommand', { Key: 'm' }])),
    of('put a stream', each(['PutObjectCommand', { Key: 's', Body: streamOf(bytes(100_000)), ContentLength: 100_000 }], ['GetObjectCommand', { Key: 's' }])),
    of('put a stream over TLS', each(['PutObjectCommand', { Key: 's', Body: streamOf(bytes(100_000), 7_000), ContentLength: 100_000 }], ['GetObjectCommand', { Key: 's' }]), {}, overHttps),
    of('put with checks of its own', each(['PutObjectCommand', { Key: 'c', Body: 'x', ChecksumAlgorithm: 'SHA256' }], ['PutObjectCommand', { Key: 'c', Body: 'x', ChecksumAlgorithm: 'CRC32C' }], ['HeadObjectCommand', { Key: 'c', ChecksumMode: 'ENABLED' }], ['PutObjectCommand', { Key: 'c', Body: 'x', ChecksumSHA1: 'AAAAAAAAAAAAAAAAAAAAAAAAAAA=' }], ['PutObjectCommand', { Key: 'c', Body: 'x', ContentMD5: 'AAAAAAAAAAAAAAAAAAAAAA==' }])),
    of('put a checked stream', each(['PutObjectCommand', { Key: 'c', Body: streamOf(bytes(60_000)), ContentLength: 60_000, ChecksumAlgorithm: 'SHA256' }], ['GetObjectCommand', { Key: 'c', ChecksumMode: 'ENABLED' }]), {}, overHttps),
    of('upload of unknown length, in one', upload(() => streamOf(bytes(50_000)))),
    of('upload of unknown length, in parts', upload(() => streamOf(bytes(6 * MIB), 100_000))),
    of('upload of a large buffer', upload(() => bytes(11 * MIB))),
    of('an object of several MiB', each(['PutObjectCommand', { Key: 'h', Body: bytes(3 * MIB) }], ['HeadObjectCommand', { Key: 'h' }])),
    of('a checked stream of several MiB over TLS', each(['PutObjectCommand', { Key: 'h', Body: streamOf(bytes(3 * MIB), 100_000), ContentLength: 3 * MIB, ChecksumAlgorithm: 'CRC32' }], ['HeadObjectCommand', { Key: 'h' }]), {}, overHttps),
    of('parts by hand', parts),
    of('parts given up', aborted),
    of('parts that are too small', tooSmall),
    of('list v2', each(['ListObjectsV2Command', { Prefix: 'folder/', Delimiter: '/' }], ['ListObjectsV2Command', { MaxKeys: 2, StartAfter: 'a.txt' }], ['ListObjectsV2Command', { Prefix: 'nothing' }], ['ListObjectsV2Command', { EncodingType: 'url', Prefix: 'gr' }])),
    of('list v1', each(['ListObjectsCommand', { Delimiter: '/' }], ['ListObjectsCommand', { MaxKeys: 2, Marker: 'data.json' }])),
    of('list, page by page', pages),
    of('copy', each(['CopyObjectCommand', { Key: 'copy', CopySource: `${BUCKET}/a.txt` }], ['GetObjectCommand', { Key: 'copy' }], ['CopyObjectCommand', { Key: 'copy', CopySource: `${BUCKET}/none` }])),
    of('delete', each(['DeleteObjectCommand', { Key: 'a.txt' }], ['DeleteObjectCommand', { Key: 'a.txt' }], ['DeleteObjectsCommand', { Delete: { Objects: [{ Key: 'folder/1.txt' }, { Key: 'folder/2.txt' }, { Key: 'none' }] } }], ['ListObjectsV2Command', { Prefix: 'folder' }])),
    of('tags', each(['PutObjectTaggingCommand', { Key: 'a.txt', Tagging: { TagSet: [{ Key: 'k', Value: 'v' }] } }], ['GetObjectTaggingCommand', { Key: 'a.txt' }], ['DeleteObjectTaggingCommand', { Key: 'a.txt' }])),
    of('buckets', each(['CreateBucketCommand', { Bucket: 'another' }], ['CreateBucketCommand', { Bucket: 'another' }], ['ListBucketsCommand'], ['DeleteBucketCommand'], ['GetBucketLocationCommand'], ['GetBucketPolicyCommand'], ['DeleteBucketCommand', { Bucket: 'another' }])),
    of('select', each(['SelectObjectContentCommand', { Key: 'a.txt', ExpressionType: 'SQL', Expression: 'SELECT * FROM s3object', InputSerialization: { CSV: {} }, OutputSerialization: { CSV: {} } }])),
    of('presigned', async (one) => {
      const { GetObjectCommand, PutObjectCommand } = one.sdk;
      const [get, put] = [await signed(one, new GetObjectCommand({ Bucket: BUCKET, Key: 'a.txt' })), await signed(one, new PutObjectCommand({ Bucket: BUCKET, Key: 'p.txt' }))];
      return [await fetched(get), await fetched(put, { method: 'PUT', body: 'put by address' }), await fetched(get, { method: 'PUT', body: 'x' }), await fetched(get.replace('a.txt', 'data.json'))];
    }),
    of('presigned, too late', async (one) => {
      const address = await signed(one, new one.sdk.GetObjectCommand({ Bucket: BUCKET, Key: 'a.txt' }), 1);
      await new Promise((done) => setTimeout(done, 2100));
      return await fetched(address);
    }),
    of('several at once', async ({ tell }) => await Promise.all(['a.txt', 'data.json', 'large.bin', 'none', 'folder/1.txt'].map((Key) => tell('GetObjectCommand', { Key })))),
    of('over TLS', each(['GetObjectCommand', { Key: 'a.txt' }], ['PutObjectCommand', { Key: 'n', Body: 'text' }], ['GetObjectCommand', { Key: 'none' }]), {}, overHttps),
    of('a body that nobody reads to its end', async ({ say }) => {
      const { Body } = await say('GetObjectCommand', { Key: 'large.bin' });
      (Body as Readable).destroy();
      return 'left';
    }),
  ];
}
