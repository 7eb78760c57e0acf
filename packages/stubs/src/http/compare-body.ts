import type { HeaderList } from '@deja/format';
import type { HttpExchange } from '../plan.js';
import { sameValue } from '../same-value.js';
import { differentJson } from './compare-json.js';
import { header } from './question.js';

interface Side {
  readonly headers: HeaderList;
  readonly bytes: Buffer;
}

/** The first difference of two request bodies in the sense of their content type, or null. `bytes`: of the recorded one. */
export function differentBody(exchange: HttpExchange, bytes: Buffer, asked: Side): string | null {
  const recorded = { headers: exchange.headers, bytes };
  const cut = exchange.body?.truncated ?? 0;
  if (cut > 0) return differentStart(recorded.bytes, asked.bytes, cut);
  if (recorded.bytes.equals(asked.bytes)) return null;
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

function withoutBoundary(side: Side): string {
  const boundary = /boundary="?([^";]+)"?/i.exec(header(side.headers, 'content-type') ?? '')?.[1];
  const text = side.bytes.toString('latin1');
  return boundary ? text.replaceAll(boundary, 'boundary') : text;
}

/** Only the beginning of the recorded body was kept. */
function differentStart(kept: Buffer, asked: Buffer, cut: number): string | null {
  if (asked.length !== kept.length + cut) return `body of ${asked.length} instead of ${kept.length + cut} bytes`;
  return differentBytes(kept, asked.subarray(0, kept.length));
}

function differentBytes(before: Buffer, now: Buffer): string | null {
  const shorter = Math.min(before.length, now.length);
  let at = 0;
  while (at < shorter && before[at] === now[at]) at++;
  if (at === before.length && at === now.length) return null;
  const size = before.length === now.length ? '' : ` (${now.length} instead of ${before.length} bytes)`;
  return `body from byte ${at} on: ${excerpt(now, at)} instead of ${excerpt(before, at)}${size}`;
}

function excerpt(bytes: Buffer, from: number): string {
  if (from >= bytes.length) return 'its end';
  const piece = bytes.subarray(from, from + 24);
  const text = piece.toString('utf8');
  return /^[\P{C}\s]*$/u.test(text) && !text.includes('\u{fffd}') ? JSON.stringify(text) : `0x${piece.toString('hex')}`;
}
