/** Requests that are another thing than what was recorded: a stub that answers them serves a look-alike. */
import type { Scenario } from '../scenario.ts';
import { minio, SDK3_NEW, SDK3_OLD, type Sdk, type Sdk3 } from './s3-libraries.ts';
import { type Ask, scenario, withObjects } from './s3-sdk3.ts';
import { BUCKET, bytes, CREDENTIALS, fresh, MIB, OBJECTS, REGION, streamOf, told } from './s3-world.ts';

const overHttps: Scenario['serve'] = ({ s3 }) => s3({ objects: OBJECTS, https: true });

/** As many bytes as always; the last ones are others. */
function changedEnd(length: number): Buffer {
  const made = bytes(length);
  made.write(fresh(), length - 24);
  return made;
}

function of(sdk: Sdk3, name: string, ask: Ask, serve?: Scenario['serve']): Scenario {
  const made = scenario(sdk, name, ask, {}, serve);
  return { ...made, name: `changed: ${sdk.name}, ${name}`, differs: true };
}

function one(sdk: Sdk3, name: string, command: keyof Sdk, params: () => object, serve?: Scenario['serve']): Scenario {
  return of(sdk, name, ({ tell }) => tell(command, params()), serve);
}

function bodies(sdk: Sdk3): readonly Scenario[] {
  return [
    one(sdk, 'a text', 'PutObjectCommand', () => ({ Key: 'n', Body: fresh() })),
    one(sdk, 'a stream', 'PutObjectCommand', () => ({ Key: 'n', Body: streamOf(changedEnd(100_000)), ContentLength: 100_000 })),
    one(sdk, 'a stream over TLS', 'PutObjectCommand', () => ({ Key: 'n', Body: streamOf(changedEnd(100_000)), ContentLength: 100_000 }), overHttps),
    one(sdk, 'the end of 3 MiB', 'PutObjectCommand', () => ({ Key: 'n', Body: changedEnd(3 * MIB) })),
    one(sdk, 'the end of a stream of 3 MiB', 'PutObjectCommand', () => ({ Key: 'n', Body: streamOf(changedEnd(3 * MIB), 100_000), ContentLength: 3 * MIB, ChecksumAlgorithm: 'CRC32' }), overHttps),
    of(sdk, 'the end of an upload in parts', async ({ client }) => await told(() => new (sdk.storage().Upload)({ client, params: { Bucket: BUCKET, Key: 'up', Body: changedEnd(8 * MIB) }, queueSize: 1 }).done())),
  ];
}

const requests: readonly Scenario[] = [
  one(SDK3_NEW, 'a key', 'GetObjectCommand', () => ({ Key: fresh() })),
  one(SDK3_NEW, 'a range', 'GetObjectCommand', () => ({ Key: 'large.bin', Range: `bytes=0-${100 + Number(process.hrtime.bigint() % 90_000n)}` })),
  one(SDK3_NEW, 'a condition', 'GetObjectCommand', () => ({ Key: 'a.txt', IfNoneMatch: `"${fresh()}"` })),
  one(SDK3_NEW, 'metadata', 'PutObjectCommand', () => ({ Key: 'n', Body: 'x', Metadata: { who: fresh() } })),
  one(SDK3_NEW, 'tags', 'PutObjectCommand', () => ({ Key: 'n', Body: 'x', Tagging: `n=${fresh()}` })),
  one(SDK3_NEW, 'a prefix', 'ListObjectsV2Command', () => ({ Prefix: fresh() })),
  one(SDK3_NEW, 'where a list goes on', 'ListObjectsV2Command', () => ({ StartAfter: fresh() })),
  one(SDK3_NEW, 'what is copied', 'CopyObjectCommand', () => ({ Key: 'n', CopySource: `${BUCKET}/${fresh()}` })),
  one(SDK3_NEW, 'what is deleted', 'DeleteObjectsCommand', () => ({ Delete: { Objects: [{ Key: fresh() }] } })),
  of(SDK3_NEW, 'how long an address holds', async ({ client, sdk: { GetObjectCommand } }) => {
    const address = await SDK3_NEW.presigner().getSignedUrl(client, new GetObjectCommand({ Bucket: BUCKET, Key: 'a.txt' }), { expiresIn: 60 + Number(process.hrtime.bigint() % 9000n) });
    return (await fetch(address)).status;
  }),
  {
    name: 'changed: minio, a text', differs: true, serve: (servers) => (minio(), withObjects(servers)),
    ask: ({ host, port }) => told(() => new (minio().Client)({ endPoint: host, port, useSSL: false, region: REGION, accessKey: CREDENTIALS.accessKeyId, secretKey: CREDENTIALS.secretAccessKey }).putObject(BUCKET, 'n', fresh())),
  },
];

export const changed: readonly Scenario[] = [...bodies(SDK3_OLD), ...bodies(SDK3_NEW), ...requests];
