import { WireError } from '../error.js';

/** Reads the fields of one request. Throws `WireError` where it ends too early. */
export class KafkaReader {
  at = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.at;
  }

  take(size: number): Buffer {
    if (size < 0 || size > this.left) throw new WireError('Kafka', 'a request ends in the middle of a field');
    this.at += size;
    return this.#bytes.subarray(this.at - size, this.at);
  }

  int8(): number {
    return this.take(1).readInt8();
  }

  int16(): number {
    return this.take(2).readInt16BE();
  }

  int32(): number {
    return this.take(4).readInt32BE();
  }

  int64(): bigint {
    return this.take(8).readBigInt64BE();
  }

  boolean(): boolean {
    return this.int8() !== 0;
  }

  text(): string {
    return this.nullableText() ?? '';
  }

  nullableText(): string | null {
    const size = this.int16();
    return size < 0 ? null : this.take(size).toString();
  }

  bytes(): Buffer | null {
    const size = this.int32();
    return size < 0 ? null : Buffer.from(this.take(size));
  }

  /** Null for a null list. */
  list<T>(read: () => T): readonly T[] | null {
    const count = this.int32();
    if (count < 0) return null;
    // Every item has a byte at least: a count beyond that is no list.
    if (count > this.left) throw new WireError('Kafka', `a list of ${count} items`);
    return Array.from({ length: count }, read);
  }

  /** Zigzag, of up to 64 bits. */
  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = BigInt(this.take(1).readUInt8());
      value |= (byte & 0x7fn) << shift;
      if ((byte & 0x80n) === 0n) return (value >> 1n) ^ -(value & 1n);
    }
    throw new WireError('Kafka', 'a number does not end');
  }

  sized(): Buffer | null {
    const size = Number(this.varint());
    return size < 0 ? null : Buffer.from(this.take(size));
  }
}

/** Builds an answer, field by field. */
export class KafkaWriter {
  readonly #parts: Buffer[] = [];

  int8(value: number): this {
    return this.raw(Buffer.from([value & 0xff]));
  }

  int16(value: number): this {
    const bytes = Buffer.alloc(2);
    bytes.writeInt16BE(value);
    return this.raw(bytes);
  }

  int32(value: number): this {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(value);
    return this.raw(bytes);
  }

  uint32(value: number): this {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return this.raw(bytes);
  }

  int64(value: bigint): this {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64BE(value);
    return this.raw(bytes);
  }

  boolean(value: boolean): this {
    return this.int8(value ? 1 : 0);
  }

  text(value: string | null): this {
    if (value === null) return this.int16(-1);
    const bytes = Buffer.from(value);
    return this.int16(bytes.length).raw(bytes);
  }

  bytes(value: Buffer | null): this {
    return value === null ? this.int32(-1) : this.int32(value.length).raw(value);
  }

  list<T>(items: readonly T[], write: (item: T) => unknown): this {
    this.int32(items.length);
    for (const item of items) write(item);
    return this;
  }

  varint(value: bigint): this {
    let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
    const bytes: number[] = [];
    for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
    return this.raw(Buffer.from([...bytes, Number(rest)]));
  }

  sized(value: Buffer | null): this {
    return value === null ? this.varint(-1n) : this.varint(BigInt(value.length)).raw(value);
  }

  raw(bytes: Buffer): this {
    this.#parts.push(bytes);
    return this;
  }

  done(): Buffer {
    return Buffer.concat(this.#parts);
  }
}
