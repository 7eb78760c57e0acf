/**
 * Bytes that arrived and were not yet understood. Chunks are joined only when enough of them are there:
 * joining on every arrival would copy a large message once per packet.
 */
export class ByteQueue {
  #chunks: Buffer[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#chunks.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length));
    this.#length += chunk.length;
  }

  /** All of it, in one piece; nothing is taken. */
  view(): Buffer {
    const [first] = this.#chunks;
    if (this.#chunks.length === 1 && first) return first;
    const joined = Buffer.concat(this.#chunks, this.#length);
    this.#chunks = this.#length === 0 ? [] : [joined];
    return joined;
  }

  /** Take the first `size` bytes away; there must be as many. */
  drop(size: number): void {
    const rest = this.view().subarray(size);
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#length = rest.length;
  }
}
