import { WireError } from '../error.js';

/** Reads the fields of one message's body; every step is checked against its end. */
export class PgReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  text(): string {
    const end = this.#bytes.indexOf(0, this.#at);
    if (end === -1) throw new WireError('Postgres', 'a string does not end');
    const text = this.#bytes.toString('utf8', this.#at, end);
    this.#at = end + 1;
    return text;
  }

  int16(): number {
    this.#need(2);
    this.#at += 2;
    return this.#bytes.readUInt16BE(this.#at - 2);
  }

  int32(): number {
    this.#need(4);
    this.#at += 4;
    return this.#bytes.readInt32BE(this.#at - 4);
  }

  take(size: number): Buffer {
    this.#need(size);
    this.#at += size;
    return this.#bytes.subarray(this.#at - size, this.#at);
  }

  rest(): Buffer {
    return this.take(this.#bytes.length - this.#at);
  }

  list<T>(read: () => T): T[] {
    return Array.from({ length: this.int16() }, read);
  }

  #need(size: number): void {
    if (size < 0 || this.#at + size > this.#bytes.length) throw new WireError('Postgres', 'a message is shorter than its fields');
  }
}
