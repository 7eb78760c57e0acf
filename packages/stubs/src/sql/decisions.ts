import type { Ledger } from '../ledger.js';
import type { SqlExchange } from '../plan.js';
import type { StubRuntime } from '../runtime.js';
import { describeStatement } from './describe.js';

/** A statement that is under way, and the exchange that says how it shall go; without one it is the engine's alone. */
export interface Decision {
  readonly exchange: SqlExchange | undefined;
  /** The exchange is answered by the proxy. */
  readonly verbatim: boolean;
}

/** Decides statement by statement for one connection. */
export class Decisions<Q extends { readonly text: string }> {
  readonly #ledger: Ledger<SqlExchange, Q>;
  readonly #runtime: StubRuntime;
  readonly #stub: string;
  /** The recorded connection that this one follows. */
  #session: number | undefined;

  constructor(ledger: Ledger<SqlExchange, Q>, runtime: StubRuntime, stub: string) {
    this.#ledger = ledger;
    this.#runtime = runtime;
    this.#stub = stub;
  }

  decide(question: Q): Decision {
    const taken = this.#ledger.take(question, (exchange) => exchange.session === this.#session);
    if ('exchange' in taken) {
      this.#session = taken.exchange.session;
      return { exchange: taken.exchange, verbatim: taken.exchange.how === 'verbatim' };
    }
    const { nearest } = taken.miss;
    const near = nearest ? ` (nearest is event ${nearest.seq}: ${nearest.difference})` : '';
    this.#runtime.journal.note(`${this.#stub}: not in the recording, left to the engine: ${describeStatement(question.text)}${near}`);
    return { exchange: undefined, verbatim: false };
  }
}
