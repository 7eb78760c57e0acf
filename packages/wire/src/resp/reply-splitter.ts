import { ByteQueue } from '../byte-queue.js';
import { WireError } from '../error.js';

const CRLF = 2;

/** Cuts what a Redis server sends into whole replies, each in its bytes. Takes any split of the bytes. */
export class RespReplySplitter {
  readonly #queue = new ByteQueue();

  /** Throws `WireError` when the bytes are not RESP. */
  push(chunk: Uint8Array): Buffer[] {
    this.#queue.push(chunk);
    const bytes = this.#queue.view();
    const replies: Buffer[] = [];
    let at = 0;
    for (let end = endOf(bytes, at); end !== null; end = endOf(bytes, at)) {
      replies.push(Buffer.from(bytes.subarray(at, end)));
      at = end;
    }
    this.#queue.drop(at);
    return replies;
  }
}

/** Where the value that begins at `at` ends; null when not all of it is there. */
function endOf(bytes: Buffer, at: number): number | null {
  const line = bytes.indexOf('\r\n', at, 'latin1');
  if (line === -1) return null;
  const next = line + CRLF;
  const sign = String.fromCharCode(bytes[at] ?? 0);
  const count = Number(bytes.toString('latin1', at + 1, line));
  if ('+-:,#(_'.includes(sign)) return next;
  if (!Number.isInteger(count)) throw new WireError('RESP', `invalid length in '${bytes.toString('latin1', at, line)}'`);
  if ('$!='.includes(sign)) {
    const end = count < 0 ? next : next + count + CRLF;
    return end <= bytes.length ? end : null;
  }
  if ('*~>'.includes(sign)) return endOfValues(bytes, next, count);
  if (sign === '%') return endOfValues(bytes, next, 2 * count);
  // Attributes belong to the value behind them.
  if (sign === '|') return endOfValues(bytes, next, 2 * count + 1);
  throw new WireError('RESP', `no type of reply begins with '${sign}'`);
}

function endOfValues(bytes: Buffer, start: number, count: number): number | null {
  let at: number | null = start;
  for (let index = 0; index < count && at !== null; index++) at = endOf(bytes, at);
  return at;
}
