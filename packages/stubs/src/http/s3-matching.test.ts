import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HeaderList } from '@deja/format';
import { httpExchange } from '../testing/plan.js';
import { bodyReader } from '../runtime.js';
import { digestsAtEnd, readAwsChunked } from './aws-chunked.js';
import { differentRequest } from './match.js';

const bytes = bodyReader({});
const url = 'http://s3.example/things/n';
const STREAMING: HeaderList = [['x-amz-content-sha256', 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'], ['x-amz-decoded-content-length', '10']];

/** In the coding of S3: in pieces of this size, each with a signature. */
function chunked(text: string, piece: number, trailer = 'x-amz-checksum-crc32:AAAA'): string {
  const pieces = text.match(new RegExp(`.{1,${piece}}`, 'gs')) ?? [];
  return `${pieces.map((one) => `${one.length.toString(16)};chunk-signature=${piece}f\r\n${one}\r\n`).join('')}0\r\n${trailer}\r\n\r\n`;
}

interface Sent {
  readonly headers: HeaderList;
  readonly body: string;
  /** Bytes at the end that were not kept. */
  readonly truncated?: number;
  readonly answer?: HeaderList;
}

function difference(recorded: Sent, now: Sent): string | null {
  const exchange = httpExchange(
    { seq: 1, url, method: 'PUT', headers: recorded.headers, body: { text: recorded.body, ...(recorded.truncated === undefined ? {} : { truncated: recorded.truncated }) } },
    { headers: recorded.answer ?? [] },
  );
  const body = Buffer.from(now.body);
  return differentRequest(exchange, { method: 'PUT', target: '/things/n', headers: [['host', 's3.example'], ...now.headers], body, size: body.length, tail: body.subarray(-1024) }, bytes)?.text ?? null;
}

function asked(query: string, recorded: string): string | null {
  const question = { method: 'GET', target: `/things/n?${query}`, headers: [['host', 's3.example']] as const, body: Buffer.alloc(0), size: 0, tail: Buffer.alloc(0) };
  return differentRequest(httpExchange({ seq: 1, url: `${url}?${recorded}` }, {}), question, bytes)?.text ?? null;
}

describe('chunks of S3', () => {
  it('may end elsewhere and be signed otherwise', () => {
    expect(difference({ headers: STREAMING, body: chunked('0123456789', 3) }, { headers: STREAMING, body: chunked('0123456789', 4) })).toBeNull();
  });

  it.each([
    ['other bytes', chunked('012345678X', 4), 'body from byte 9 on: "X" instead of "9"'],
    ['another digest after them', chunked('0123456789', 4, 'x-amz-checksum-crc32:BBBB'), "trailers of the body 'x-amz-checksum-crc32:BBBB' instead of 'x-amz-checksum-crc32:AAAA'"],
    ['no end', chunked('0123456789', 4).slice(0, -32), 'the body ends before its last chunk'],
  ])('with %s differ', (_, body, text) => {
    expect(difference({ headers: STREAMING, body: chunked('0123456789', 3) }, { headers: STREAMING, body })).toBe(text);
  });

  it('of which the end was not kept are compared by what the server said of them', () => {
    const whole = chunked('0123456789', 3);
    const cut = { headers: STREAMING, body: whole.slice(0, 50), truncated: whole.length - 50, answer: [['x-amz-checksum-crc32', 'AAAA']] as const };
    expect(difference(cut, { headers: STREAMING, body: chunked('0123456789', 5) })).toBeNull();
    expect(difference(cut, { headers: STREAMING, body: chunked('012345678X', 5, 'x-amz-checksum-crc32:BBBB') })).toBe("the digest x-amz-checksum-crc32 of the body is 'BBBB' instead of 'AAAA'");
  });

  it('are read as they were written, wherever they are cut', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.integer({ min: 1, max: 20 }), fc.nat(), (payload, piece, at) => {
        const text = Buffer.from(payload).toString('latin1');
        const body = Buffer.from(chunked(text, piece), 'latin1');
        expect(readAwsChunked(body)).toEqual({ payload: Buffer.from(payload), trailers: ['x-amz-checksum-crc32:AAAA'], whole: true });
        const part = readAwsChunked(body.subarray(0, at % body.length));
        expect(Buffer.from(payload).subarray(0, part?.payload.length)).toEqual(part?.payload);
        expect(digestsAtEnd(body.subarray(-200))).toEqual([['x-amz-checksum-crc32', 'AAAA']]);
      }),
    );
  });

  it('are nothing that only begins like them', () => {
    for (const text of ['{"a":1}', 'hello', 'a\r\nshort', 'zz\r\n']) expect(readAwsChunked(Buffer.from(text))?.whole ?? null).not.toBe(true);
  });
});

describe('bodies of which only the beginning was kept', () => {
  it.each(['x-amz-checksum-crc32', 'x-amz-checksum-sha256', 'content-md5'])('are compared by the digest %s', (name) => {
    const recorded = { headers: [[name, 'AAAA']] as const, body: '01234', truncated: 5 };
    expect(difference(recorded, { headers: [[name, 'AAAA']], body: '0123456789' })).toBeNull();
    expect(difference(recorded, { headers: [[name, 'BBBB']], body: '012345678X' })).toBe(`the digest ${name} of the body is 'BBBB' instead of 'AAAA'`);
  });

  it('without a digest are compared by their beginning and their length', () => {
    const recorded = { headers: [['x-amz-content-sha256', 'UNSIGNED-PAYLOAD']] as const, body: '01234', truncated: 5 };
    expect(difference(recorded, { headers: recorded.headers, body: '012345678X' })).toBeNull();
    expect(difference(recorded, { headers: recorded.headers, body: '0123456' })).toBe('body of 7 instead of 10 bytes');
  });
});

describe('presigned addresses', () => {
  it('may be signed at another time, in both forms', () => {
    expect(asked('X-Amz-Date=2&X-Amz-Expires=60&X-Amz-Signature=b', 'X-Amz-Date=1&X-Amz-Expires=60&X-Amz-Signature=a')).toBeNull();
    expect(asked('AWSAccessKeyId=k&Expires=2&Signature=b', 'AWSAccessKeyId=k&Expires=1&Signature=a')).toBeNull();
  });

  it('differ in how long they hold, and where nothing is signed in whatever has that name', () => {
    expect(asked('X-Amz-Date=2&X-Amz-Expires=61', 'X-Amz-Date=1&X-Amz-Expires=60')).toBe("query parameter X-Amz-Expires is '61' instead of '60'");
    expect(asked('expires=2', 'expires=1')).toBe("query parameter expires is '2' instead of '1'");
  });
});
