import { WireError } from '../error.js';

/** Reads the fields of one packet's payload (numbers are little-endian); every step is checked against its end. */
export class MysqlReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  uint8(): number {
    return this.take(1).readUInt8(0);
  }

  uint16(): number {
    return this.take(2).readUInt16LE(0);
  }

  uint32(): number {
    return this.take(4).readUInt32LE(0);
  }

  /** A length-encoded integer; null where the protocol says NULL. */
  integer(): number | null {
    const first = this.uint8();
    if (first === 0xfb) return null;
    if (first === 0xfc) return this.uint16();
    if (first === 0xfd) return this.take(3).readUIntLE(0, 3);
    if (first === 0xfe) return Number(this.take(8).readBigUInt64LE(0));
    if (first === 0xff) throw new WireError('MySQL', 'a length that is none');
    return first;
  }

  /** Bytes with their length before them; null for NULL. */
  bytes(): Buffer | null {
    const size = this.integer();
    return size === null ? null : this.take(size);
  }

  /** Up to a zero byte, or to the end where there is none. */
  text(): string {
    const end = this.#bytes.indexOf(0, this.#at);
    const text = this.#bytes.toString('utf8', this.#at, end === -1 ? undefined : end);
    this.#at = end === -1 ? this.#bytes.length : end + 1;
    return text;
  }

  take(size: number): Buffer {
    if (size > this.left) throw new WireError('MySQL', 'a packet is shorter than its fields');
    this.#at += size;
    return this.#bytes.subarray(this.#at - size, this.#at);
  }

  rest(): Buffer {
    return this.take(this.left);
  }
}
