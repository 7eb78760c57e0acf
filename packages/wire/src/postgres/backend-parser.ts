import { ByteQueue } from '../byte-queue.js';
import { WireError } from '../error.js';

/** What a Postgres server sends: the kind as its protocol letter, and the whole message. */
export interface PgBackendMessage {
  readonly kind: string;
  readonly body: Buffer;
  readonly raw: Buffer;
}

/** Takes any split of the bytes. Throws `WireError` when a length is impossible. */
export class PgBackendParser {
  readonly #queue = new ByteQueue();
  /** Bytes that must be there before it is worth looking again. */
  #need = 5;

  push(chunk: Uint8Array): PgBackendMessage[] {
    this.#queue.push(chunk);
    if (this.#queue.length < this.#need) return [];
    const bytes = this.#queue.view();
    const messages: PgBackendMessage[] = [];
    let at = 0;
    while (bytes.length - at >= 5) {
      const size = 1 + bytes.readInt32BE(at + 1);
      if (size < 5) throw new WireError('Postgres', `a message of ${size} bytes`);
      this.#need = size;
      if (bytes.length - at < size) break;
      this.#need = 5;
      const raw = bytes.subarray(at, at + size);
      messages.push({ kind: String.fromCharCode(raw[0] ?? 0), body: raw.subarray(5), raw });
      at += size;
    }
    this.#queue.drop(at);
    return messages;
  }
}
