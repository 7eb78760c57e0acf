import type { Readable } from 'node:stream';
import type { Body, HeaderList } from '@deja/format';
import type { HttpExchange } from '../plan.js';
import type { HttpQuestion } from './question.js';

/** What a stub takes in of a request's body. */
export interface BodyBounds {
  /** Bytes that are kept, from the beginning: nothing recorded is longer. Further ones are counted. */
  readonly kept: number;
  /** Bytes after which a body is taken to have no end. */
  readonly most: number;
}

const MIB = 1024 * 1024;
const TAIL = 1024;

/** Bounds for a stub that knows these exchanges: the same in other words may be longer (JSON with spaces), and what is longer still is another. */
export function boundsFor(exchanges: readonly HttpExchange[], bytes: (body: Body | undefined) => Buffer): BodyBounds {
  const sizes = exchanges.map(({ body }) => ({ kept: bytes(body).length, whole: bytes(body).length + (body?.truncated ?? 0) }));
  const longest = (of: 'kept' | 'whole'): number => sizes.reduce((most, size) => Math.max(most, size[of]), 0);
  return { kept: 2 * longest('kept') + MIB, most: longest('whole') + 64 * MIB };
}

/** A request while it arrives. */
export class Asking {
  readonly method: string;
  readonly target: string;
  readonly headers: HeaderList;
  readonly #bounds: BodyBounds;
  #chunks: Buffer[] = [];
  #tail: Buffer = Buffer.alloc(0);
  #size = 0;
  #state: 'open' | 'ended' | 'broken' | 'too large' = 'open';
  readonly #waiting = new Set<() => void>();

  constructor(head: Omit<HttpQuestion, 'body' | 'size' | 'tail'>, stream: Readable, bounds: BodyBounds) {
    this.#bounds = bounds;
    this.method = head.method;
    this.target = head.target;
    this.headers = head.headers;
    stream.on('data', (chunk: Buffer) => this.#add(chunk));
    stream.on('end', () => this.#settle('ended'));
    // A body that breaks off is told by the close that follows.
    stream.on('error', () => undefined);
    stream.on('close', () => this.#settle('broken'));
  }

  get size(): number {
    return this.#size;
  }

  get ended(): boolean {
    return this.#state === 'ended';
  }

  /** It will not get any further, and has not ended. */
  get lost(): boolean {
    return this.#state === 'broken' || this.#state === 'too large';
  }

  get tooLarge(): boolean {
    return this.#state === 'too large';
  }

  question(): HttpQuestion {
    const { method, target, headers, size } = this;
    return { method, target, headers, body: this.body(), size, tail: this.#tail };
  }

  /** As much of it as is kept. */
  body(): Buffer {
    if (this.#chunks.length !== 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] ?? Buffer.alloc(0);
  }

  /** Resolves when so many bytes have arrived, or nothing more comes. */
  async reached(bytes: number): Promise<void> {
    while (this.#state === 'open' && this.#size < bytes) {
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve);
      });
    }
  }

  #add(chunk: Buffer): void {
    if (this.#state !== 'open') return;
    const room = this.#bounds.kept - this.#size;
    if (room > 0) this.#chunks.push(chunk.length <= room ? chunk : Buffer.from(chunk.subarray(0, room)));
    // Most bodies end with their only chunk: no copy is made of that.
    this.#tail = chunk.length >= TAIL ? chunk.subarray(-TAIL) : Buffer.concat([this.#tail, chunk]).subarray(-TAIL);
    this.#size += chunk.length;
    if (this.#size > this.#bounds.most) this.#settle('too large');
    else this.#wake();
  }

  #settle(state: 'ended' | 'broken' | 'too large'): void {
    if (this.#state !== 'open') return;
    this.#state = state;
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
