import type { Ledger } from '../ledger.js';
import type { SqlExchange } from '../plan.js';
import type { StubRuntime } from '../runtime.js';
import { describeStatement, type SqlQuestion } from './match.js';

/** A statement that is under way, and the exchange that says how it shall go; without one it is the engine's alone. */
export interface Decision {
  readonly exchange: SqlExchange | undefined;
  /** The exchange is answered by the proxy. */
  readonly verbatim: boolean;
}

/** Decides statement by statement for one connection. */
export class Decisions {
  readonly #ledger: Ledger<SqlExchange, SqlQuestion>;
  readonly #runtime: StubRuntime;
  readonly #stub: string;
  /** The recorded connection that this one follows. */
  #session: number | undefined;

  constructor(ledger: Ledger<SqlExchange, SqlQuestion>, runtime: StubRuntime, stub: string) {
    this.#ledger = ledger;
    this.#runtime = runtime;
    this.#stub = stub;
  }

  decide(text: string, params: readonly (Buffer | null)[]): Decision {
    const taken = this.#ledger.take({ text, params }, (exchange) => exchange.session === this.#session);
    if ('exchange' in taken) {
      this.#session = taken.exchange.session;
      return { exchange: taken.exchange, verbatim: taken.exchange.how === 'verbatim' };
    }
    const { nearest } = taken.miss;
    const near = nearest ? ` (nearest is event ${nearest.seq}: ${nearest.difference})` : '';
    this.#runtime.journal.note(`${this.#stub}: not in the recording, left to the engine: ${describeStatement(text)}${near}`);
    return { exchange: undefined, verbatim: false };
  }
}
