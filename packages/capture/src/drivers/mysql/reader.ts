/** Reads the fields of one packet's payload (numbers are little-endian). Beyond its end there are zeros: what is cut off must not throw here. */
export class PacketReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get left(): number {
    return Math.max(0, this.#bytes.length - this.#at);
  }

  uint(size: number): number {
    const bytes = this.take(size);
    return bytes.length < size ? 0 : bytes.readUIntLE(0, size);
  }

  /** A length-encoded integer; null where the protocol says NULL. */
  integer(): bigint | null {
    const first = this.uint(1);
    if (first === 0xfb) return null;
    if (first === 0xfc) return BigInt(this.uint(2));
    if (first === 0xfd) return BigInt(this.uint(3));
    if (first !== 0xfe) return BigInt(first);
    const bytes = this.take(8);
    return bytes.length < 8 ? 0n : bytes.readBigUInt64LE(0);
  }

  /** Bytes with their length before them; null for NULL. */
  bytes(): Buffer | null {
    const size = this.integer();
    return size === null ? null : this.take(Number(size));
  }

  take(size: number): Buffer {
    const bytes = this.#bytes.subarray(this.#at, this.#at + size);
    this.#at += size;
    return bytes;
  }
}
