import type { StubDivergence } from './divergence.js';
import type { Exchange } from './plan.js';

/** How a question differs from a recorded exchange. */
export interface Difference {
  /** Larger is further away; only compared with other differences of the same stub. */
  readonly distance: number;
  /** The first difference, in words: `path /a instead of /b`. */
  readonly text: string;
}

export type Taken<E> = { readonly exchange: E } | { readonly miss: Pick<StubDivergence, 'nearest'> };

/**
 * The recorded exchanges of one stub. Each is given out once, equal ones in recorded order; those that may repeat are
 * given out again when nothing fresh is equal. What is not equal is never given out.
 */
export class Ledger<E extends Exchange, Q> {
  readonly #exchanges: readonly E[];
  readonly #given = new Set<E>();
  readonly #differ: (exchange: E, question: Q) => Difference | null;
  readonly #describe: (exchange: E) => string;

  /** `differ` gives null for an equal question. */
  constructor(exchanges: readonly E[], differ: (exchange: E, question: Q) => Difference | null, describe: (exchange: E) => string) {
    this.#exchanges = exchanges.toSorted((a, b) => a.seq - b.seq);
    this.#differ = differ;
    this.#describe = describe;
  }

  /** `prefer` chooses among equal exchanges that are left; without it the first recorded is taken. */
  take(question: Q, prefer?: (exchange: E) => boolean): Taken<E> {
    const equal: E[] = [];
    let nearest: { readonly exchange: E; readonly difference: Difference; readonly given: boolean } | undefined;
    for (const exchange of this.#exchanges) {
      const difference = this.#differ(exchange, question);
      if (!difference) equal.push(exchange);
      else {
        // What has been served already is named only where nothing is left.
        const given = this.#given.has(exchange);
        const nearer = !nearest || (given === nearest.given ? difference.distance < nearest.difference.distance : nearest.given);
        if (nearer) nearest = { exchange, difference, given };
      }
    }
    const fresh = equal.filter((exchange) => !this.#given.has(exchange));
    const chosen = (prefer && fresh.find(prefer)) ?? fresh[0] ?? equal.findLast((exchange) => exchange.repeat);
    if (chosen) {
      this.#given.add(chosen);
      return { exchange: chosen };
    }
    const spent = equal.at(-1);
    if (spent) return { miss: { nearest: { seq: spent.seq, text: this.#describe(spent), difference: `was recorded ${times(equal.length)} and has been served as often` } } };
    if (!nearest) return { miss: {} };
    return { miss: { nearest: { seq: nearest.exchange.seq, text: this.#describe(nearest.exchange), difference: nearest.difference.text } } };
  }

  /** Give out the first exchange left that `which` accepts, whatever was asked: for failures before anything was asked. */
  takeWhere(which: (exchange: E) => boolean): E | undefined {
    const fits = this.#exchanges.filter(which);
    const chosen = fits.find((exchange) => !this.#given.has(exchange)) ?? fits.findLast((exchange) => exchange.repeat);
    if (chosen) this.#given.add(chosen);
    return chosen;
  }
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}
