import type { HeaderList } from '@deja/format';
import type { HttpExchange } from '../plan.js';
import { sameValue } from '../same-value.js';
import { digestsAtEnd, isAwsChunked, readAwsChunked } from './aws-chunked.js';
import { differentJson } from './compare-json.js';
import { differentDigest } from './digests.js';
import { answerOf } from './early.js';
import { header } from './question.js';

interface Side {
  readonly headers: HeaderList;
  readonly bytes: Buffer;
}

interface AskedSide extends Side {
  /** Bytes of the whole body, of which `bytes` may be the beginning. */
  readonly size: number;
  /** Its last bytes. */
  readonly tail: Buffer;
}

/** The first difference of two request bodies in the sense of their content type, or null. `bytes`: of the recorded one. */
export function differentBody(exchange: HttpExchange, bytes: Buffer, asked: AskedSide): string | null {
  const recorded = { headers: exchange.headers, bytes };
  // The client had no chance to send the rest, or saw no need to: what it sends now may be longer.
  if (exchange.unfinished) return differentPart(recorded.headers, recorded.bytes, asked.bytes, true);
  const cut = exchange.body?.truncated ?? 0;
  if (isAwsChunked(recorded.headers) && isAwsChunked(asked.headers)) {
    const difference = differentChunked(exchange, recorded.bytes, asked);
    if (difference !== undefined) return difference;
  }
  if (cut > 0) return differentDigest(recorded.headers, asked.headers) ?? differentStart(recorded.bytes, asked, cut);
  if (asked.size > asked.bytes.length) return differentBytes(recorded.bytes, asked.bytes, asked.size);
  if (recorded.bytes.equals(asked.bytes)) return null;
  if (isGrpc(recorded.headers)) return differentPart(recorded.headers, recorded.bytes, asked.bytes, false) ?? differentBytes(recorded.bytes, asked.bytes);
  const type = header(recorded.headers, 'content-type')?.toLowerCase() ?? '';
  if (type.startsWith('multipart/')) {
    return sameValue(withoutBoundary(recorded), withoutBoundary(asked), exchange) ? null : differentBytes(recorded.bytes, asked.bytes);
  }
  if (type.startsWith('application/x-www-form-urlencoded')) return differentPairs(recorded.bytes.toString(), asked.bytes.toString(), 'body field', exchange);
  if (type === '' || type.includes('json') || type.startsWith('text/')) {
    const difference = differentJson(recorded.bytes.toString(), asked.bytes.toString(), exchange);
    if (difference !== undefined) return difference;
    if (sameValue(recorded.bytes.toString(), asked.bytes.toString(), exchange)) return null;
  }
  return differentBytes(recorded.bytes, asked.bytes);
}

/**
 * The first difference of what has arrived of a body that is still being sent, or null. `open`: the recorded one may go on where it ends.
 * Messages of gRPC are counted, so that the difference can be found again.
 */
export function differentPart(headers: HeaderList, recorded: Buffer, asked: Buffer, open: boolean): string | null {
  if (isAwsChunked(headers)) {
    const [before, now] = [readAwsChunked(recorded), readAwsChunked(asked)];
    if (before && now) return differentPart([], before.payload, now.payload, open);
  }
  const shared = Math.min(recorded.length, asked.length);
  if (recorded.subarray(0, shared).equals(asked.subarray(0, shared)) && (open || asked.length <= recorded.length)) return null;
  const different = differentBytes(recorded, asked) ?? '';
  return isGrpc(headers) ? `message ${messageAt(recorded, asked)}: ${different}` : different;
}

/** Names and values of a query or form; the order of different names carries no meaning. */
export function differentPairs(recorded: string, asked: string, what: string, exchange: HttpExchange, ignore: (name: string) => boolean = () => false): string | null {
  const [before, now] = [pairs(recorded, ignore), pairs(asked, ignore)];
  for (const [index, [name, value]] of before.entries()) {
    const other = now[index];
    if (!other || other[0] > name) return `${what} ${name} is missing`;
    if (other[0] < name) return `${what} ${other[0]} was not sent`;
    if (!sameValue(value, other[1], exchange)) return `${what} ${name} is '${other[1]}' instead of '${value}'`;
  }
  const added = now[before.length];
  return added ? `${what} ${added[0]} was not sent` : null;
}

function pairs(text: string, ignore: (name: string) => boolean): [string, string][] {
  const all = [...new URLSearchParams(text)].filter(([name]) => !ignore(name));
  // A stable sort: the order of equal names is kept, it carries meaning.
  return all.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

function isGrpc(headers: HeaderList): boolean {
  return header(headers, 'content-type')?.toLowerCase().startsWith('application/grpc') ?? false;
}

/** The number of the message (of five bytes of prefix, the last four its length) in which the first different byte lies. */
function messageAt(recorded: Buffer, asked: Buffer): number {
  let number = 1;
  for (let at = 0; at + 5 <= recorded.length; number++) {
    const end = at + 5 + recorded.readUInt32BE(at + 1);
    if (!recorded.subarray(at, end).equals(asked.subarray(at, end))) return number;
    at = end;
  }
  return number;
}

function withoutBoundary(side: Side): string {
  const boundary = /boundary="?([^";]+)"?/i.exec(header(side.headers, 'content-type') ?? '')?.[1];
  const text = side.bytes.toString('latin1');
  return boundary ? text.replaceAll(boundary, 'boundary') : text;
}

/** The difference of two bodies in the chunked coding of S3, whose pieces and signatures are chance. Undefined: one is no such body. */
function differentChunked(exchange: HttpExchange, recorded: Buffer, asked: AskedSide): string | null | undefined {
  const [before, now] = [readAwsChunked(recorded), readAwsChunked(asked.bytes)];
  if (!before || !now) return undefined;
  // The length of all is a header, and is compared there; the digest of what was not kept is what the server said of it.
  if (!before.whole) return differentBytes(before.payload, now.payload.subarray(0, before.payload.length)) ?? differentDigest(answerOf(exchange).headers ?? [], digestsAtEnd(asked.tail));
  const trailers = before.trailers.join(', ') === now.trailers.join(', ') ? null : `trailers of the body '${now.trailers.join(', ')}' instead of '${before.trailers.join(', ')}'`;
  return differentBytes(before.payload, now.payload) ?? (now.whole ? trailers : 'the body ends before its last chunk');
}

/** Only the beginning of the recorded body was kept. */
function differentStart(kept: Buffer, { bytes, size }: AskedSide, cut: number): string | null {
  if (size !== kept.length + cut) return `body of ${size} instead of ${kept.length + cut} bytes`;
  return differentBytes(kept, bytes.subarray(0, kept.length));
}

/** `size`: bytes of all of which `now` is the beginning. */
function differentBytes(before: Buffer, now: Buffer, size: number = now.length): string | null {
  const shorter = Math.min(before.length, now.length);
  let at = 0;
  while (at < shorter && before[at] === now[at]) at++;
  if (at === before.length && at === now.length) return null;
  const lengths = before.length === size ? '' : ` (${size} instead of ${before.length} bytes)`;
  return `body from byte ${at} on: ${excerpt(now, at)} instead of ${excerpt(before, at)}${lengths}`;
}

function excerpt(bytes: Buffer, from: number): string {
  if (from >= bytes.length) return 'its end';
  const piece = bytes.subarray(from, from + 24);
  const text = piece.toString('utf8');
  return /^[\P{C}\s]*$/u.test(text) && !text.includes('\u{fffd}') ? JSON.stringify(text) : `0x${piece.toString('hex')}`;
}
