import { ByteQueue } from '../byte-queue.js';
import { WireError } from '../error.js';

/** Redis' own bounds (`proto-max-bulk-len` and the multibulk limit), so that a wrong length is noticed and not waited for. */
const MAX_BULK = 512 * 1024 * 1024;
const MAX_ARGUMENTS = 1024 * 1024;
const MAX_INLINE = 64 * 1024;
const CRLF = 2;

type Step = { readonly args: readonly Buffer[]; readonly end: number } | { readonly need: number };

/** The commands a Redis client sends: arrays of bulk strings, or inline commands. Takes any split of the bytes. */
export class RespCommandParser {
  readonly #queue = new ByteQueue();
  #need = 1;

  /** Throws `WireError` when the bytes are not RESP. */
  push(chunk: Uint8Array): (readonly Buffer[])[] {
    this.#queue.push(chunk);
    const commands: (readonly Buffer[])[] = [];
    if (this.#queue.length < this.#need) return commands;
    const bytes = this.#queue.view();
    let at = 0;
    this.#need = 1;
    while (at < bytes.length) {
      const step = bytes[at] === 0x2a ? readArray(bytes, at) : readInline(bytes, at);
      if ('need' in step) {
        this.#need = step.need - at;
        break;
      }
      at = step.end;
      // An empty line or array is legal and means nothing.
      if (step.args.length > 0) commands.push(step.args);
    }
    this.#queue.drop(at);
    return commands;
  }
}

function readArray(bytes: Buffer, start: number): Step {
  const count = readLength(bytes, start, MAX_ARGUMENTS);
  if ('need' in count) return count;
  const args: Buffer[] = [];
  let at = count.end;
  for (let index = 0; index < count.value; index++) {
    if (at >= bytes.length) return { need: at + 1 };
    if (bytes[at] !== 0x24) throw new WireError('RESP', `expected '$', got '${String.fromCharCode(bytes[at] ?? 0)}'`);
    const size = readLength(bytes, at, MAX_BULK);
    if ('need' in size) return size;
    const end = size.end + size.value;
    if (bytes.length < end + CRLF) return { need: end + CRLF };
    if (bytes[end] !== 0x0d || bytes[end + 1] !== 0x0a) throw new WireError('RESP', 'bulk string does not end where its length says');
    args.push(Buffer.from(bytes.subarray(size.end, end)));
    at = end + CRLF;
  }
  return { args, end: at };
}

function readLength(bytes: Buffer, start: number, max: number): { readonly value: number; readonly end: number } | { readonly need: number } {
  const end = bytes.indexOf('\r\n', start, 'latin1');
  if (end === -1) {
    if (bytes.length - start > 24) throw new WireError('RESP', 'length does not end');
    return { need: bytes.length + 1 };
  }
  const text = bytes.toString('latin1', start + 1, end);
  const value = Number(text);
  // `*-1` and `*0` are empty commands.
  if (!/^-?\d+$/.test(text) || value > max || (value < 0 && bytes[start] === 0x24)) throw new WireError('RESP', `invalid length '${text}'`);
  return { value: Math.max(0, value), end: end + CRLF };
}

function readInline(bytes: Buffer, start: number): Step {
  const end = bytes.indexOf(0x0a, start);
  if (end === -1) {
    if (bytes.length - start > MAX_INLINE) throw new WireError('RESP', 'inline command is too long');
    return { need: bytes.length + 1 };
  }
  const words = bytes.toString('utf8', start, end).trim().split(/\s+/).filter((word) => word !== '');
  return { args: words.map((word) => Buffer.from(word)), end: end + 1 };
}
