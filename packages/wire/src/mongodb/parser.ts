import { ByteQueue } from '../byte-queue.js';
import { WireError } from '../error.js';
import { MONGODB_HEADER, MONGODB_LONGEST, type MongodbMessage } from './header.js';

/** Messages of either side. Takes any split of the bytes. */
export class MongodbMessageParser {
  readonly #queue = new ByteQueue();
  #need = MONGODB_HEADER;

  /** Throws `WireError` when a length is none. */
  push(chunk: Uint8Array): MongodbMessage[] {
    this.#queue.push(chunk);
    const messages: MongodbMessage[] = [];
    while (this.#queue.length >= this.#need) {
      const bytes = this.#queue.view();
      const length = bytes.readInt32LE(0);
      if (length < MONGODB_HEADER || length > MONGODB_LONGEST) throw new WireError('MongoDB', `a message cannot have ${length} bytes`);
      if (bytes.length < length) {
        this.#need = length;
        break;
      }
      this.#need = MONGODB_HEADER;
      messages.push({ id: bytes.readInt32LE(4), answers: bytes.readInt32LE(8), kind: bytes.readInt32LE(12), body: Buffer.from(bytes.subarray(MONGODB_HEADER, length)) });
      this.#queue.drop(length);
    }
    return messages;
  }
}
