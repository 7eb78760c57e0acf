type Chunk = Uint8Array | { readonly text: string; readonly encoding: BufferEncoding };

/** Chunks of a body by reference, up to a cap; what comes after is only counted. */
export class KeptBytes {
  /** All bytes that were seen. */
  seen = 0;
  #kept = 0;
  #chunks: Chunk[] | undefined = undefined;

  /** `admit` is asked once for each chunk that fits under `cap`. */
  add(chunk: unknown, encoding: unknown, cap: number, admit: (bytes: number) => boolean): void {
    if (typeof chunk === 'string') {
      const known = typeof encoding === 'string' && Buffer.isEncoding(encoding) ? encoding : 'utf8';
      // The exact size of text costs a pass over it: only paid when the text is packaged.
      this.#add({ text: chunk, encoding: known }, chunk.length, cap, admit);
    } else if (chunk instanceof Uint8Array) {
      this.#add(chunk, chunk.byteLength, cap, admit);
    }
  }

  #add(chunk: Chunk, size: number, cap: number, admit: (bytes: number) => boolean): void {
    this.seen += size;
    // Once something is missing nothing may follow: a body with a hole would be another body.
    if (this.#kept + size > cap || this.#kept !== this.seen - size || !admit(size)) return;
    this.#kept += size;
    (this.#chunks ??= []).push(chunk);
  }

  chunks(): readonly Uint8Array[] {
    return (this.#chunks ?? []).map((chunk) => (chunk instanceof Uint8Array ? chunk : Buffer.from(chunk.text, chunk.encoding)));
  }

  /** How many of the bytes that were seen are not kept. */
  get missing(): number {
    return this.seen - this.#kept;
  }
}
