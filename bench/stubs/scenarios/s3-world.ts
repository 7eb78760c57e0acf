/** What scenarios of all clients of S3 share: objects, ways to be asked and to be cut off, and how answers are shown. */
import { Readable } from 'node:stream';
import type { ServerResponse } from 'node:http';
import { S3_REGION, S3_USER } from '../../../tests/support/s3.ts';
import type { S3Answer, S3Wanted } from '../scenario.ts';
import { seenBytes, seenError } from '../seen.ts';

export const BUCKET = 'things';
export const CREDENTIALS = S3_USER;
export const REGION = S3_REGION;
export const MIB = 1024 * 1024;

/** The same bytes every time, no two parts alike. */
export function bytes(length: number): Buffer {
  const made = Buffer.alloc(length);
  for (let at = 0; at < length; at++) made[at] = (at * 7 + (at >> 8) * 13 + (at >> 16)) % 251;
  return made;
}

/** In pieces, of unknown length. */
export function streamOf(content: Buffer, piece = 20_000): Readable {
  return Readable.from(Array.from({ length: Math.ceil(content.length / piece) }, (_, index) => content.subarray(index * piece, (index + 1) * piece)), { objectMode: false });
}

export const OBJECTS: NonNullable<S3Wanted['objects']> = {
  'a.txt': 'The letter a.', 'data.json': '{"total": 12, "of": ["1", "2"]}', 'large.bin': bytes(300_000),
  'folder/1.txt': '1', 'folder/2.txt': '22', 'folder/3.txt': '333', 'folder/deep/4.txt': '4444', 'grüße/ü b+c&d.txt': 'odd',
};

/** Other bytes at every run, always as many. */
export function fresh(): string {
  return String(process.hrtime.bigint()).padStart(24, '0');
}

/** Answers as the server did, or with another body. */
export function send(response: ServerResponse, { status, headers, body }: S3Answer, changed = body): void {
  response.writeHead(status, [...headers]).end(changed);
}

/** An error as S3 words it. */
export function refuse(response: ServerResponse, status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(status, { 'content-type': 'application/xml', 'x-amz-request-id': 'R1', ...headers }).end(`<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message><RequestId>R1</RequestId></Error>`);
}

/** What its user sees of an answer, as plain JSON; how long the client waited between its attempts is chance. */
export function shown(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, inner: unknown) => {
    if (key === 'totalRetryDelay') return undefined;
    if (key !== '' && isBytes(inner)) return seenBytes(Buffer.from(inner.data));
    return inner;
  }) ?? 'null') as unknown;
}

function isBytes(value: unknown): value is { readonly type: 'Buffer'; readonly data: readonly number[] } {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer' && 'data' in value && Array.isArray(value.data);
}

/** All of a stream, and how it ended. */
export async function read(stream: AsyncIterable<Uint8Array | string>): Promise<unknown> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of stream) chunks.push(Buffer.from(chunk));
    return seenBytes(Buffer.concat(chunks));
  } catch (error) {
    return { after: Buffer.concat(chunks).length, error: failed(error) };
  }
}

/** An error of a client of S3, with what it says of the answer. */
export function failed(error: unknown): unknown {
  const { $metadata, $fault, $service, $response, statusCode, retryable, region } = error as Record<string, unknown> & { readonly $response?: { readonly statusCode?: number } };
  return shown({ ...(seenError(error) as object), $metadata, $fault, $service, statusCode, retryable, region, answered: $response?.statusCode });
}

/** Value or error of one asking. */
export async function told(asking: () => Promise<unknown>): Promise<unknown> {
  try {
    return { value: shown(await asking()) };
  } catch (error) {
    return { error: failed(error) };
  }
}
