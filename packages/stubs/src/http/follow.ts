import type { HttpExchange } from '../plan.js';
import type { StubRuntime } from '../runtime.js';
import type { Asking } from './asking.js';
import { differentBody, differentPart } from './compare-body.js';
import { ripeAfter } from './early.js';

/** A request that left the recording after its answer had begun. */
export class Strayed extends Error {}

/** An answer that waits for the application for so long after its time is worth a word. */
const PATIENCE_MS = 2000;

/** The rest of a request whose answer has begun: what comes is compared with the recording before more of the answer goes out. */
export class Following {
  readonly #asking: Asking;
  readonly #exchange: HttpExchange;
  readonly #runtime: StubRuntime;
  readonly #recorded: Buffer;
  readonly #early: boolean;
  #said = false;

  constructor(asking: Asking, exchange: HttpExchange, runtime: StubRuntime) {
    this.#asking = asking;
    this.#exchange = exchange;
    this.#runtime = runtime;
    this.#early = ripeAfter(exchange) !== null;
    this.#recorded = this.#early ? runtime.bytes(exchange.body) : Buffer.alloc(0);
  }

  /** Resolves when as much of the request is there as when it was recorded (`after` undefined: all of it). False: it broke off. Throws `Strayed`. */
  async until(after: number | undefined, stub: string): Promise<boolean> {
    if (!this.#early) return true;
    const asking = this.#asking;
    const wanted = after ?? Infinity;
    if (asking.size < wanted && !asking.ended && !asking.lost) {
      const arrived = new AbortController();
      void this.#runtime.clock.sleep(PATIENCE_MS, AbortSignal.any([arrived.signal, this.#runtime.stopped])).then((late) => late && this.#waits(after, stub));
      await asking.reached(wanted);
      arrived.abort();
    }
    if (asking.lost) return false;
    const difference = after === undefined ? this.#wholeDifference() : this.#difference();
    if (difference !== null) throw new Strayed(difference);
    if (asking.ended && after !== undefined && asking.size < after) throw new Strayed(`the request ended after ${asking.size} bytes, before ${after} were there`);
    return true;
  }

  /** What comes after the answer is over. Throws `Strayed`. */
  async rest(): Promise<void> {
    if (!this.#early || this.#exchange.unfinished) return;
    await this.#asking.reached(Infinity);
    if (this.#asking.lost) return;
    const difference = this.#wholeDifference();
    if (difference !== null) throw new Strayed(difference);
  }

  #wholeDifference(): string | null {
    const { headers, body: bytes, size, tail } = this.#asking.question();
    return differentBody(this.#exchange, this.#recorded, { headers, bytes, size, tail });
  }

  #difference(): string | null {
    const { headers } = this.#exchange;
    return differentPart(headers, this.#recorded, this.#asking.body(), this.#exchange.unfinished === true || (this.#exchange.body?.truncated ?? 0) > 0);
  }

  #waits(after: number | undefined, stub: string): void {
    if (this.#said) return;
    this.#said = true;
    this.#runtime.journal.diverge({
      stub,
      asked: `event ${this.#exchange.seq}`,
      reason: `the answer goes on when ${after === undefined ? 'the request has ended' : `${after} bytes of the request have come`}; after ${PATIENCE_MS} ms there are ${this.#asking.size}`,
    });
  }
}
