import type { Journal } from '../journal.js';
import type { Exchange, GeneratedValue } from '../plan.js';
import { idsIn } from './find.js';
import { type OpenValues, withPairs } from './stand-ins.js';

/** `strict`: values that are still open have to be the recorded ones. */
export type View = 'strict' | 'open';

/** An exchange as it is compared: values that are known to be others by now have been replaced, `open` are those that may be. */
export type Comparable<E extends Exchange> = E & { readonly open?: OpenValues };

/**
 * What the application generates anew in every run (identifiers, nonces) stands for what it generated when it was observed: found where it is first sent, then expected in everything that is
 * sent later, and given back in every answer. One for all stubs of a run.
 */
export class Unification {
  readonly #generated: ReadonlySet<string>;
  readonly #observed: () => Iterable<string>;
  readonly #journal: Journal;
  readonly #pairs = new Map<string, string>();
  readonly #mentioned = new WeakMap<Exchange, readonly string[]>();
  readonly #replaced = new WeakMap<Exchange, { readonly size: number; readonly exchange: Exchange }>();
  #known: ReadonlySet<string> | undefined;

  /** `observed`: every identifier of the recording; asked for when it is first needed. */
  constructor(generated: readonly GeneratedValue[], observed: () => Iterable<string>, journal: Journal) {
    this.#generated = new Set(generated.map(({ value }) => value));
    this.#observed = observed;
    this.#journal = journal;
  }

  /** Whether there is anything to unify. */
  get active(): boolean {
    return this.#generated.size > 0;
  }

  /** The exchange to compare with, and to answer by. */
  asExpected<E extends Exchange>(exchange: E, view: View): Comparable<E> {
    const mentioned = this.#mentions(exchange);
    if (mentioned.length === 0) return exchange;
    const open = mentioned.filter((value) => !this.#pairs.has(value));
    const expected = this.#replace(exchange, mentioned.length - open.length);
    return view === 'strict' || open.length === 0 ? expected : { ...expected, open: { values: new Set(open), isKnown: (value) => this.#isKnown(value), pairs: new Map() } };
  }

  /** An exchange that was compared with what was asked, and was equal: what stands for what is so from now on. */
  settle<E extends Exchange>({ open, ...exchange }: Comparable<E>, original: E): E {
    for (const [recorded, now] of open?.pairs ?? []) {
      this.#pairs.set(recorded, now);
      this.#journal.note(`event ${original.seq}: ${now} stands for ${recorded}, which the application generated when it was observed`);
    }
    return open === undefined || open.pairs.size === 0 ? (exchange as E) : this.#replace(original, this.#mentions(original).filter((value) => this.#pairs.has(value)).length);
  }

  #mentions(exchange: Exchange): readonly string[] {
    const found = this.#mentioned.get(exchange);
    if (found) return found;
    const mentioned = this.#generated.size === 0 ? [] : [...idsIn(exchange, new Map())].filter((id) => this.#generated.has(id));
    this.#mentioned.set(exchange, mentioned);
    return mentioned;
  }

  /** `size`: how many of its values are replaced, which says whether it was made with those known by now. */
  #replace<E extends Exchange>(exchange: E, size: number): E {
    if (size === 0) return exchange;
    const made = this.#replaced.get(exchange);
    if (made?.size === size) return made.exchange as E;
    const replaced = withPairs(exchange, this.#pairs);
    this.#replaced.set(exchange, { size, exchange: replaced });
    return replaced;
  }

  #isKnown(value: string): boolean {
    this.#known ??= new Set([...this.#observed()].filter((id) => !this.#generated.has(id)));
    return this.#known.has(value) || [...this.#pairs.values()].includes(value);
  }
}
