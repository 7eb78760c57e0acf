import type { IoError } from '@deja/format';
import type { MessageExchange } from '../plan.js';
import type { StubRuntime } from '../runtime.js';

interface Loss {
  readonly exchange: MessageExchange;
  /** Number of the exchange after which the connection ends, and how long after, in milliseconds. */
  readonly after: number;
  readonly ms: number;
  readonly error: IoError;
}

/** Connections that were lost in the recording are lost again, after the exchange that was the last before. */
export class LostConnections {
  readonly #losses: readonly Loss[];
  readonly #runtime: StubRuntime;
  readonly #done = new Set<Loss>();

  constructor(exchanges: readonly MessageExchange[], runtime: StubRuntime) {
    this.#runtime = runtime;
    this.#losses = exchanges.flatMap((exchange) => {
      if (exchange.operation !== 'disconnect' || !('error' in exchange.outcome)) return [];
      const last = exchanges.findLast((other) => other.seq < exchange.seq && other.session === exchange.session && !other.operation.endsWith('connect'));
      if (!last) return [];
      const ended = (last.time ?? 0) + ('ok' in last.outcome ? (last.ms ?? 0) : 0);
      return [{ exchange, after: last.seq, ms: Math.max(0, (exchange.time ?? 0) - ended), error: exchange.outcome.error }];
    });
  }

  /** This exchange has been served. `lose` ends its connection. */
  served(seq: number, stub: string, lose: (error: IoError) => void): void {
    const loss = this.#losses.find((one) => one.after === seq && !this.#done.has(one));
    if (!loss) return;
    this.#done.add(loss);
    const { pace, journal, stopped } = this.#runtime;
    void pace.until(pace.now(), loss.ms).then(() => {
      if (stopped.aborted) return;
      journal.serve(loss.exchange.seq, stub);
      lose(loss.error);
    });
  }
}
