import { ByteQueue } from '../byte-queue.js';
import { WireError } from '../error.js';
import type { PgFrontendMessage } from './frontend.js';
import { PgReader } from './reader.js';

const MAX_MESSAGE = 1024 * 1024 * 1024;
const MAX_STARTUP = 64 * 1024;
const SSL_REQUEST = 80_877_103;
const GSS_REQUEST = 80_877_104;
const CANCEL_REQUEST = 80_877_102;
const PROTOCOL_MAJOR = 3;

/** The messages a Postgres client sends, from its first byte on. Takes any split of the bytes. */
export class PgFrontendParser {
  readonly #queue = new ByteQueue();
  #started = false;
  /** Bytes that must be there before it is worth looking again. */
  #need = 0;

  /** Throws `WireError` when the bytes are not of protocol 3. */
  push(chunk: Uint8Array): PgFrontendMessage[] {
    this.#queue.push(chunk);
    const messages: PgFrontendMessage[] = [];
    for (let message = this.#next(); message; message = this.#next()) messages.push(message);
    return messages;
  }

  #next(): PgFrontendMessage | null {
    const head = this.#started ? 1 : 0;
    if (this.#queue.length < Math.max(head + 4, this.#need)) return null;
    const bytes = this.#queue.view();
    const size = head + bytes.readInt32BE(head);
    if (size < head + 4 || size > (this.#started ? MAX_MESSAGE : MAX_STARTUP)) throw new WireError('Postgres', `a message of ${size} bytes`);
    this.#need = size;
    if (bytes.length < size) return null;
    this.#need = 0;
    const raw = bytes.subarray(0, size);
    this.#queue.drop(size);
    if (this.#started) return readMessage(raw);
    const first = readFirst(raw);
    // After a request for encryption the client starts again.
    if (first.type === 'startup') this.#started = true;
    return first;
  }
}

function readFirst(raw: Buffer): PgFrontendMessage {
  const reader = new PgReader(raw, 4);
  const code = reader.int32();
  if (code === SSL_REQUEST) return { type: 'ssl-request', raw };
  if (code === GSS_REQUEST) return { type: 'gss-request', raw };
  if (code === CANCEL_REQUEST) return { type: 'cancel', pid: reader.int32(), key: reader.rest(), raw };
  if (code >> 16 !== PROTOCOL_MAJOR) throw new WireError('Postgres', `protocol version ${code >> 16}.${code & 0xffff}`);
  const parameters = new Map<string, string>();
  for (let name = reader.text(); name !== ''; name = reader.text()) parameters.set(name, reader.text());
  return { type: 'startup', parameters, raw };
}

function readMessage(raw: Buffer): PgFrontendMessage {
  const reader = new PgReader(raw, 5);
  const code = String.fromCharCode(raw[0] ?? 0);
  switch (code) {
    case 'Q':
      return { type: 'query', text: reader.text(), raw };
    case 'P':
      return { type: 'parse', name: reader.text(), text: reader.text(), types: reader.list(() => reader.int32()), raw };
    case 'B':
      return readBind(reader, raw);
    case 'D':
    case 'C':
      return { type: code === 'D' ? 'describe' : 'close', of: reader.take(1).toString() === 'S' ? 'statement' : 'portal', name: reader.text(), raw };
    case 'E':
      return { type: 'execute', portal: reader.text(), maxRows: reader.int32(), raw };
    case 'S':
      return { type: 'sync', raw };
    case 'H':
      return { type: 'flush', raw };
    case 'X':
      return { type: 'terminate', raw };
    case 'p':
      return { type: 'password', raw };
    case 'd':
    case 'c':
    case 'f':
      return { type: 'copy', raw };
    case 'F':
      return { type: 'function-call', raw };
    default:
      throw new WireError('Postgres', `unknown message '${code}'`);
  }
}

function readBind(reader: PgReader, raw: Buffer): PgFrontendMessage {
  const portal = reader.text();
  const statement = reader.text();
  // Whether a value is text or binary does not matter to whom compares bytes.
  reader.list(() => reader.int16());
  const values = reader.list(() => {
    const size = reader.int32();
    return size === -1 ? null : reader.take(size);
  });
  return { type: 'bind', portal, statement, values, resultFormats: reader.list(() => reader.int16()), raw };
}
