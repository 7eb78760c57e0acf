import { type IncomingMessage, request as ask } from 'node:http';
import { Agent } from 'node:https';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { S3_REGION, S3_USER, testS3, type TestS3Options } from '../../../tests/support/s3.ts';
import { bodyOf, type S3Answer, type S3Wanted } from '../scenario.ts';

/** The port of an S3 server that ends with `stack`, filled over HTTP like any other. */
export async function startS3(stack: AsyncDisposableStack, objects: NonNullable<S3Wanted['objects']>, options: TestS3Options): Promise<number> {
  const { tls } = options;
  const server = await testS3(options);
  if ('missing' in server) throw new Error(server.missing);
  stack.use(server);
  const client = new S3Client({ endpoint: `${tls ? 'https' : 'http'}://localhost:${server.port}`, region: S3_REGION, credentials: S3_USER, forcePathStyle: true, ...(tls ? { requestHandler: { httpsAgent: new Agent({ rejectUnauthorized: false }) } } : {}) });
  try {
    await client.send(new CreateBucketCommand({ Bucket: 'things' }));
    for (const [key, content] of Object.entries(objects)) await client.send(new PutObjectCommand({ Bucket: 'things', Key: key, Body: content }));
  } finally {
    client.destroy();
  }
  return server.port;
}

/** Asks the server what a request asks; its host stays, for it is signed. */
export async function passOn(request: IncomingMessage, port: number): Promise<S3Answer> {
  const body = await bodyOf(request);
  return await new Promise((resolve, reject) => {
    const asked = ask({ host: '127.0.0.1', port, method: request.method, path: request.url, headers: request.rawHeaders, agent: false }, (answer) => {
      bodyOf(answer).then((bytes) => resolve({ status: answer.statusCode ?? 0, headers: lasting(answer.rawHeaders), body: bytes }), reject);
    });
    asked.once('error', reject).end(body);
  });
}

function lasting(headers: readonly string[]): readonly string[] {
  return headers.filter((_, index, all) => !/^(?:connection|keep-alive|transfer-encoding)$/i.test(all[index - (index % 2)] ?? ''));
}
