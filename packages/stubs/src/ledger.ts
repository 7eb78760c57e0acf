import type { StubDivergence } from './divergence.js';
import type { Unification, View } from './generated/unification.js';
import type { Exchange } from './plan.js';

/** How a question differs from a recorded exchange. */
export interface Difference {
  /** Larger is further away; only compared with other differences of the same stub. */
  readonly distance: number;
  /** The first difference, in words: `path /a instead of /b`. */
  readonly text: string;
}

export type Taken<E> = { readonly exchange: E } | { readonly miss: Pick<StubDivergence, 'nearest'> };

/** How exchanges are found among many without looking at each. */
export interface Keys<E, Q> {
  /** What exchange and question have in common wherever they are equal. */
  readonly group: { readonly ofExchange: (exchange: E) => string; readonly ofQuestion: (question: Q) => string };
  /** The same for those that ask the same to the letter. */
  readonly letter: { readonly ofExchange: (exchange: E) => string; readonly ofQuestion: (question: Q) => string };
}

/**
 * The recorded exchanges of one stub. Each is given out once, equal ones in recorded order, those that are equal to the letter before those that are equal in their meaning; those that
 * may repeat are given out again when nothing fresh is equal. What is not equal is never given out.
 */
export class Ledger<E extends Exchange, Q> {
  readonly #exchanges: readonly E[];
  readonly #groups: ReadonlyMap<string, Group<E>>;
  readonly #given = new Set<E>();
  readonly #differ: (exchange: E, question: Q) => Difference | null;
  readonly #describe: (exchange: E) => string;
  readonly #keys: Keys<E, Q> | undefined;
  readonly #unification: Unification | undefined;
  /** Exchanges as they were given out, or shown, and the recorded ones that they are. */
  readonly #originals = new WeakMap<E, E>();

  /** `differ` gives null for an equal question. */
  constructor(exchanges: readonly E[], differ: (exchange: E, question: Q) => Difference | null, describe: (exchange: E) => string, { keys, unification }: { readonly keys?: Keys<E, Q>; readonly unification?: Unification } = {}) {
    this.#exchanges = exchanges.toSorted((a, b) => a.seq - b.seq);
    this.#differ = differ;
    this.#describe = describe;
    this.#keys = keys;
    this.#unification = unification;
    const groups = Map.groupBy(this.#exchanges, (exchange) => keys?.group.ofExchange(exchange) ?? '');
    this.#groups = new Map([...groups].map(([name, all]) => [name, { all: new Shelf(all, this.#given), byLetter: undefined }]));
  }

  /** `prefer` chooses among equal exchanges that are left; without it the first recorded is taken. */
  take(question: Q, prefer?: (exchange: E) => boolean): Taken<E> {
    const chosen = this.#find(question, prefer);
    return chosen ? { exchange: this.give(chosen) } : { miss: this.miss(question) };
  }

  /** What is equal as it stands comes before what is equal if generated values stand for each other. */
  #find(question: Q, prefer: ((exchange: E) => boolean) | undefined): E | undefined {
    const group = this.#groups.get(this.#keys?.group.ofQuestion(question) ?? '');
    if (!group) return undefined;
    const shelves = [this.#toTheLetter(group, question), group.all].filter((shelf) => shelf !== undefined);
    const ways: readonly View[] = this.#unification?.active ? ['strict', 'open'] : ['strict'];
    for (const which of [fresh, repeating]) {
      for (const view of ways) {
        for (const shelf of shelves) {
          const found = this.#firstEqual(which(shelf), question, view, prefer);
          if (found) return found;
        }
      }
    }
    return undefined;
  }

  #toTheLetter(group: Group<E>, question: Q): Shelf<E> | undefined {
    const keys = this.#keys;
    if (!keys || group.all.items.length === 1) return undefined;
    group.byLetter ??= new Map([...Map.groupBy(group.all.items, keys.letter.ofExchange)].map(([letter, items]) => [letter, new Shelf(items, this.#given)]));
    return group.byLetter.get(keys.letter.ofQuestion(question));
  }

  /** The first equal one, or the first of these that is preferred. */
  #firstEqual(among: Iterable<E>, question: Q, view: View, prefer: ((exchange: E) => boolean) | undefined): E | undefined {
    let first: E | undefined;
    for (const recorded of among) {
      const exchange = this.#expected(recorded, view);
      if (this.#differ(exchange, question)) continue;
      if (!prefer || prefer(exchange)) return exchange;
      first ??= exchange;
    }
    return first;
  }

  /** What is nearest to a question that nothing answers. */
  miss(question: Q): Pick<StubDivergence, 'nearest'> {
    const equal: E[] = [];
    let nearest: { readonly exchange: E; readonly difference: Difference; readonly given: boolean } | undefined;
    for (const exchange of this.#exchanges) {
      const difference = this.#differ(this.#expected(exchange, 'open'), question);
      if (!difference) equal.push(exchange);
      else {
        // What has been served already is named only where nothing is left.
        const given = this.#given.has(exchange) && !exchange.repeat;
        const nearer = !nearest || (given === nearest.given ? difference.distance < nearest.difference.distance : nearest.given);
        if (nearer) nearest = { exchange, difference, given };
      }
    }
    const spent = equal.at(-1);
    if (spent) return { nearest: { seq: spent.seq, text: this.#describe(spent), difference: `was recorded ${times(equal.length)} and has been served as often` } };
    if (!nearest) return {};
    return { nearest: { seq: nearest.exchange.seq, text: this.#describe(nearest.exchange), difference: nearest.difference.text } };
  }

  /** Give out the first exchange left that `which` accepts, whatever was asked: for failures before anything was asked. */
  takeWhere(which: (exchange: E) => boolean): E | undefined {
    const chosen = this.peek(which);
    return chosen && this.give(chosen);
  }

  /** What `takeWhere` would give out. */
  peek(which: (exchange: E) => boolean): E | undefined {
    for (const exchange of this.#exchanges) {
      const expected = this.#expected(exchange, 'open');
      if (!this.#given.has(exchange) && which(expected)) return expected;
    }
    for (const exchange of this.#exchanges.toReversed()) {
      const expected = this.#expected(exchange, 'open');
      if (exchange.repeat && which(expected)) return expected;
    }
    return undefined;
  }

  /** One that `peek` gave. */
  give(exchange: E): E {
    const recorded = this.#originals.get(exchange) ?? exchange;
    this.#given.add(recorded);
    return this.#unification?.settle(exchange, recorded) ?? exchange;
  }

  /** The exchange with the values that are known to be others by now. */
  #expected(exchange: E, view: View): E {
    const expected = this.#unification?.asExpected(exchange, view) ?? exchange;
    if (expected !== exchange) this.#originals.set(expected, exchange);
    return expected;
  }
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

function fresh<E>(shelf: Shelf<E>): Iterable<E> {
  return shelf.left();
}

/** The last that was given out is the next to be given again. */
function repeating<E extends Exchange>({ items }: Shelf<E>): Iterable<E> {
  return items.filter(({ repeat }) => repeat).toReversed();
}

interface Group<E> {
  readonly all: Shelf<E>;
  /** Made when it is needed: bodies have to be read for it. */
  byLetter: ReadonlyMap<string, Shelf<E>> | undefined;
}

/** Exchanges in recorded order, of which most are asked for in this order. */
class Shelf<E> {
  readonly items: readonly E[];
  readonly #given: ReadonlySet<E>;
  #start = 0;

  constructor(items: readonly E[], given: ReadonlySet<E>) {
    this.items = items;
    this.#given = given;
  }

  /** Those that have not been given out. */
  *left(): Generator<E> {
    for (let at = this.#start; at < this.items.length; at++) {
      const item = this.items[at];
      if (item === undefined) return;
      if (!this.#given.has(item)) yield item;
      else if (at === this.#start) this.#start++;
    }
  }
}
