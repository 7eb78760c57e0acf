import { WireError } from '../error.js';

/** Reads the fields of one frame's payload. Throws `WireError` where it ends too early. */
export class AmqpReader {
  at = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.at;
  }

  bytes(size: number): Buffer {
    if (size > this.left) throw new WireError('AMQP', 'a frame ends in the middle of a field');
    this.at += size;
    return this.#bytes.subarray(this.at - size, this.at);
  }

  int(size: 1 | 2 | 4): number {
    return this.bytes(size).readUIntBE(0, size);
  }

  long(): number {
    return Number(this.bytes(8).readBigUInt64BE());
  }

  shortText(): string {
    return this.bytes(this.int(1)).toString();
  }

  longText(): string {
    return this.bytes(this.int(4)).toString();
  }
}
