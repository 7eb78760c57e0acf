import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { close, listen, withBody } from './server.js';

/** As much of S3 as objects need: PUT, GET, HEAD and DELETE of `/bucket/key`, ETags, errors as XML. */
export interface StorageServer {
  readonly url: string;
  readonly bucket: string;
  /** Puts an object there without going through the service. */
  put(key: string, bytes: Uint8Array): void;
  has(key: string): boolean;
  stop(): Promise<void>;
}

interface StoredObject {
  readonly bytes: Uint8Array;
  readonly type: string;
  readonly etag: string;
  readonly modified: Date;
}

const BUCKET = 'shop-receipts';

export async function startStorage(port: number): Promise<StorageServer> {
  const objects = new Map<string, StoredObject>();
  const store = (key: string, bytes: Uint8Array, type: string): StoredObject => {
    const object = { bytes, type, etag: `"${createHash('md5').update(bytes).digest('hex')}"`, modified: new Date() };
    objects.set(key, object);
    return object;
  };
  const server = createServer(
    withBody((request, body, response) => {
      const path = decodeURIComponent(new URL(request.url ?? '/', 'http://storage').pathname);
      const [, bucket, key] = /^\/([^/]+)\/(.+)$/.exec(path) ?? [];
      const fail = (status: number, code: string, message: string): void => {
        const xml = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message><Key>${escaped(key ?? '')}</Key><RequestId>0</RequestId></Error>`;
        response.writeHead(status, { 'content-type': 'application/xml', 'x-amz-request-id': '0' }).end(request.method === 'HEAD' ? '' : xml);
      };
      if (!request.headers.authorization?.startsWith('AWS4-HMAC-SHA256 ')) return fail(403, 'AccessDenied', 'Access Denied');
      if (bucket !== BUCKET || key === undefined) return fail(404, 'NoSuchBucket', 'The specified bucket does not exist');
      switch (request.method ?? '') {
        case 'PUT': {
          const { etag } = store(key, body, request.headers['content-type'] ?? 'application/octet-stream');
          response.writeHead(200, { etag, 'content-length': '0' }).end();
          return undefined;
        }
        case 'DELETE':
          objects.delete(key);
          response.writeHead(204).end();
          return undefined;
        case 'GET':
        case 'HEAD': {
          const object = objects.get(key);
          if (!object) return fail(404, 'NoSuchKey', 'The specified key does not exist.');
          response.writeHead(200, { 'content-type': object.type, 'content-length': String(object.bytes.length), etag: object.etag, 'last-modified': object.modified.toUTCString() });
          response.end(request.method === 'HEAD' ? undefined : object.bytes);
          return undefined;
        }
        default:
          return fail(405, 'MethodNotAllowed', 'The specified method is not allowed against this resource.');
      }
    }),
  );
  await listen(server, port);
  return {
    url: `http://localhost:${port}`,
    bucket: BUCKET,
    put: (key, bytes) => void store(key, bytes, 'application/octet-stream'),
    has: (key) => objects.has(key),
    stop: () => close(server),
  };
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
