import { ByteQueue } from '../byte-queue.js';
import { WireError } from '../error.js';

/** What a client of NATS says. `headers` is the block as it was sent, with its first line. */
export type NatsClientOperation =
  | { readonly op: 'CONNECT'; readonly options: Readonly<Record<string, unknown>> }
  | { readonly op: 'PUB'; readonly subject: string; readonly reply?: string; readonly headers?: Buffer; readonly payload: Buffer }
  | { readonly op: 'SUB'; readonly subject: string; readonly queue?: string; readonly sid: string }
  | { readonly op: 'UNSUB'; readonly sid: string; readonly max?: number }
  | { readonly op: 'PING' }
  | { readonly op: 'PONG' };

const CRLF = 2;
/** Of the server: a line may have so many bytes, and the largest payload that it can be set to accept. */
const MAX_LINE = 64 * 1024;
const MAX_PAYLOAD = 64 * 1024 * 1024;

type Step = { readonly operation: NatsClientOperation; readonly end: number } | { readonly need: number };

/** The client's side of the NATS protocol. Takes any split of the bytes. */
export class NatsClientParser {
  readonly #queue = new ByteQueue();
  #need = 1;

  /** Throws `WireError` when the bytes are not NATS. */
  push(chunk: Uint8Array): NatsClientOperation[] {
    this.#queue.push(chunk);
    const operations: NatsClientOperation[] = [];
    if (this.#queue.length < this.#need) return operations;
    const bytes = this.#queue.view();
    let at = 0;
    this.#need = 1;
    while (at < bytes.length) {
      const step = readOperation(bytes, at);
      if ('need' in step) {
        this.#need = step.need - at;
        break;
      }
      operations.push(step.operation);
      at = step.end;
    }
    this.#queue.drop(at);
    return operations;
  }
}

function readOperation(bytes: Buffer, start: number): Step {
  const lineEnd = bytes.indexOf('\r\n', start, 'latin1');
  if (lineEnd === -1) {
    if (bytes.length - start > MAX_LINE) throw new WireError('NATS', 'a line has no end');
    return { need: bytes.length + 1 };
  }
  const line = bytes.toString('utf8', start, lineEnd);
  const [name = '', ...words] = line.split(/[ \t]+/).filter((word) => word !== '');
  const end = lineEnd + CRLF;
  switch (name.toUpperCase()) {
    case 'CONNECT':
      return { operation: { op: 'CONNECT', options: jsonOf(line.slice(name.length)) }, end };
    case 'PING':
      return { operation: { op: 'PING' }, end };
    case 'PONG':
      return { operation: { op: 'PONG' }, end };
    case 'SUB': {
      const [subject, second, third] = words;
      if (subject === undefined || second === undefined) throw malformed(line);
      return { operation: third === undefined ? { op: 'SUB', subject, sid: second } : { op: 'SUB', subject, queue: second, sid: third }, end };
    }
    case 'UNSUB': {
      const [sid, max] = words;
      if (sid === undefined) throw malformed(line);
      return { operation: { op: 'UNSUB', sid, ...(max === undefined ? {} : { max: Number(max) }) }, end };
    }
    case 'PUB':
      return readPublish(bytes, line, words, end, 1);
    case 'HPUB':
      return readPublish(bytes, line, words, end, 2);
    default:
      throw malformed(line);
  }
}

/** `sizes`: how many lengths end the line: that of the headers, and that of everything. */
function readPublish(bytes: Buffer, line: string, words: readonly string[], start: number, sizes: 1 | 2): Step {
  const [subject, reply] = words.length === sizes + 1 ? [words[0]] : [words[0], words[1]];
  const lengths = words.slice(-sizes).map(Number);
  const total = lengths.at(-1) ?? Number.NaN;
  const headerLength = sizes === 2 ? (lengths[0] ?? Number.NaN) : 0;
  const known = words.length === sizes + 1 || words.length === sizes + 2;
  if (!known || subject === undefined || !isLength(total) || !isLength(headerLength) || headerLength > total) throw malformed(line);
  const end = start + total;
  if (bytes.length < end + CRLF) return { need: end + CRLF };
  if (bytes[end] !== 0x0d || bytes[end + 1] !== 0x0a) throw new WireError('NATS', 'a payload does not end where its length says');
  return {
    operation: {
      op: 'PUB', subject,
      ...(reply === undefined ? {} : { reply }),
      ...(sizes === 2 ? { headers: Buffer.from(bytes.subarray(start, start + headerLength)) } : {}),
      payload: Buffer.from(bytes.subarray(start + headerLength, end)),
    },
    end: end + CRLF,
  };
}

function isLength(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= MAX_PAYLOAD;
}

function jsonOf(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch {
    throw new WireError('NATS', 'CONNECT without its options');
  }
}

function malformed(line: string): WireError {
  return new WireError('NATS', `not an operation: ${JSON.stringify(line.slice(0, 80))}`);
}
