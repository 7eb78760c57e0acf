import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { AbortMultipartUploadCommand, CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { freePort } from '../../support/free-port.ts';
import { S3_REGION, S3_USER, type TestS3 } from '../../support/s3.ts';
import { DEJA } from './deja.ts';
import { userEnvironment } from './environment.ts';
import { Program } from './program.ts';

export interface CompanionDays {
  readonly output: string;
  /** Status and body of the request that asks for the parts of an upload which the bucket has cleared away. */
  readonly status: number;
  readonly answer: string;
}

/**
 * An afternoon with Companion under `deja run`: a large upload begins, the bucket clears unfinished uploads away, and its owner wants to go on with it.
 * Companion has ended when this returns; the S3 server is the caller's.
 * @param installed holds `node_modules`
 * @param site the user's working folder
 */
export async function captureCompanion(installed: string, node: string, s3: TestS3, site: string): Promise<CompanionDays> {
  const endpoint = `http://localhost:${s3.port}`;
  const bucket = new S3Client({ endpoint, region: S3_REGION, credentials: S3_USER, forcePathStyle: true });
  await bucket.send(new CreateBucketCommand({ Bucket: 'uploads' }));
  mkdirSync(join(site, 'data'));
  const port = await freePort();
  const env = userEnvironment(node, {
    NODE_ENV: 'production', COMPANION_PORT: String(port), COMPANION_DATADIR: join(site, 'data'), COMPANION_SECRET: 'secret-of-this-test', COMPANION_PREAUTH_SECRET: 'another-of-this-test', COMPANION_DOMAIN: `localhost:${port}`, COMPANION_PROTOCOL: 'http',
    COMPANION_UPLOAD_URLS: endpoint, COMPANION_AWS_KEY: S3_USER.accessKeyId, COMPANION_AWS_SECRET: S3_USER.secretAccessKey, COMPANION_AWS_BUCKET: 'uploads', COMPANION_AWS_REGION: S3_REGION,
    COMPANION_AWS_ENDPOINT: endpoint, COMPANION_AWS_FORCE_PATH_STYLE: 'true',
  });
  await using service = new Program([process.execPath, DEJA, 'run', '--', join(installed, 'node_modules', '.bin', 'companion')], { cwd: site, env });
  await service.listens(port);
  const url = `http://localhost:${port}/s3/multipart`;
  const begun = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ filename: 'film.mp4', type: 'video/mp4', metadata: { name: 'film.mp4' } }) });
  if (begun.status !== 200) throw new Error(`no upload was begun: ${begun.status} ${await begun.text()}\n${service.output}`);
  const { key, uploadId } = await begun.json() as { readonly key: string; readonly uploadId: string };
  const parts = `${url}/${encodeURIComponent(uploadId)}?key=${encodeURIComponent(key)}`;
  const before = await fetch(parts);
  if (before.status !== 200) throw new Error(`its parts were not told: ${before.status} ${await before.text()}\n${service.output}`);
  await before.text();
  await bucket.send(new AbortMultipartUploadCommand({ Bucket: 'uploads', Key: key, UploadId: uploadId }));
  const failed = await fetch(parts);
  const answer = await failed.text();
  await service.stop();
  bucket.destroy();
  return { output: service.output, status: failed.status, answer };
}
