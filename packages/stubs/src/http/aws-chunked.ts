import type { HeaderList } from '@deja/format';
import { header } from './question.js';

/** A body in the chunked coding of S3, without what only proves it: `payload`, and the trailers after it (digests), as `name:value`. */
export interface AwsChunked {
  readonly payload: Buffer;
  readonly trailers: readonly string[];
  /** False: it ends before its last chunk. */
  readonly whole: boolean;
}

/** Whether S3's clients have cut the body into chunks of their own, with signatures or digests between and after them. */
export function isAwsChunked(headers: HeaderList): boolean {
  return header(headers, 'x-amz-content-sha256')?.startsWith('STREAMING-') === true;
}

/** Where chunks end, and what signs each, says nothing about what is sent. Null: it is no such body. */
export function readAwsChunked(bytes: Uint8Array): AwsChunked | null {
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pieces: Buffer[] = [];
  const read = (whole: boolean, trailers: readonly string[] = []): AwsChunked => ({ payload: Buffer.concat(pieces), trailers, whole });
  for (let at = 0; ; ) {
    const end = body.indexOf('\r\n', at);
    if (end === -1) return isSizeLine(body.toString('latin1', at), false) ? read(false) : null;
    const line = body.toString('latin1', at, end);
    if (!isSizeLine(line, true)) return null;
    const size = Number.parseInt(line, 16);
    if (size === 0) return read(true, trailersIn(body.toString('latin1', end + 2)));
    pieces.push(body.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
    if (at > body.length) return read(false);
    if (body.toString('latin1', at - 2, at) !== '\r\n') return null;
  }
}

/** `2000;chunk-signature=…`, or the beginning of such a line. */
function isSizeLine(text: string, ended: boolean): boolean {
  return ended ? /^[\da-f]+(?:;[\w-]+=[^\r\n]*)?$/i.test(text) : /^(?:[\da-f]+(?:;[^\r\n]*)?)?\r?$/i.test(text);
}

function trailersIn(text: string): readonly string[] {
  return text.split(/\r?\n/).filter((line) => line.trim() !== '' && !/^x-amz-trailer-signature:/i.test(line));
}

/** The digests that stand after the last chunk of a body of which only the end is at hand, as headers. */
export function digestsAtEnd(tail: Buffer): HeaderList {
  const text = tail.toString('latin1');
  const last = text.search(/(?:^|\r\n)0(?:;[^\r\n]*)?\r\n(?:[\w-]+:[^\r\n]*\r?\n)*\r\n$/);
  return last === -1 ? [] : trailersIn(text.slice(last)).flatMap((line) => (line.includes(':') ? [[line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)] as const] : []));
}
