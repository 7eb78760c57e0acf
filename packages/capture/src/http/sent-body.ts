import { now, rounded } from '../core/clock.js';
import { KeptBytes } from '../core/kept-bytes.js';

/** Of a longer stream the sizes and times of the first pieces are kept. */
export const MAX_PIECES = 1000;

/** The body of a request while it is sent, and how far it had come when something of the answer arrived. */
export class SentBody {
  readonly bytes = new KeptBytes();
  /** The body has been ended. */
  over = false;
  readonly #since: number;
  readonly #at: number[] = [];
  #pieces = 0;
  #measured: { readonly pieces: number; readonly sums: readonly number[] } | undefined = undefined;

  constructor(since: number) {
    this.#since = since;
  }

  add(chunk: unknown, encoding: unknown, cap: number, admit: (bytes: number) => boolean): void {
    const before = this.bytes.seen;
    this.bytes.add(chunk, encoding, cap, admit);
    if (this.bytes.seen === before) return;
    this.#pieces += 1;
    if (this.#at.length < MAX_PIECES) this.#at.push(now());
  }

  /** How many pieces have been sent; undefined when that was all. */
  mark(): number | undefined {
    return this.over ? undefined : this.#pieces;
  }

  /** In bytes what `mark` said in pieces. */
  bytesAt(mark: number): number {
    const sums = this.#sums();
    return sums[Math.min(mark, sums.length - 1)] ?? 0;
  }

  /** `[milliseconds, bytes]` of each piece that was kept; undefined for a body in one piece. */
  pieces(): readonly (readonly [ms: number, bytes: number])[] | undefined {
    if (this.#pieces < 2) return undefined;
    const sums = this.#sums();
    return this.#at.slice(0, sums.length - 1).map((at, index) => [rounded(at - this.#since), (sums[index + 1] ?? 0) - (sums[index] ?? 0)]);
  }

  /** Bytes before each kept piece, and after the last. Text is measured only now. */
  #sums(): readonly number[] {
    if (this.#measured?.pieces === this.#pieces) return this.#measured.sums;
    const sums = [0];
    for (const piece of this.bytes.chunks()) sums.push((sums.at(-1) ?? 0) + piece.byteLength);
    this.#measured = { pieces: this.#pieces, sums };
    return sums;
  }
}
