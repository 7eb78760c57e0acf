import type { SqlExchange } from '../plan.js';
import type { StubRuntime } from '../runtime.js';
import type { Turn } from '../order.js';

/** Statements whose answers go out together; they wait for their recorded times and turns. */
export class Release {
  readonly #runtime: StubRuntime;
  readonly #stub: string;
  readonly #entries: { readonly exchange: SqlExchange; readonly began: number; readonly turn: Turn }[] = [];

  constructor(runtime: StubRuntime, stub: string) {
    this.#runtime = runtime;
    this.#stub = stub;
  }

  enter(exchange: SqlExchange | undefined, began: number): void {
    if (exchange) this.#entries.push({ exchange, began, turn: this.#runtime.order.enter(exchange, this.#stub) });
  }

  /** When all are due, call `send`. Nothing is sent once the stubs are stopped. */
  async run(send: () => void): Promise<void> {
    const entries = this.#entries.splice(0);
    for (const { exchange, began, turn } of entries) {
      await this.#runtime.pace.until(began, exchange.ms ?? 0);
      await turn.wait();
    }
    if (!this.#runtime.stopped.aborted) {
      send();
      for (const { exchange } of entries) this.#runtime.journal.serve(exchange.seq, this.#stub);
    }
    for (const { turn } of entries) turn.leave();
  }
}
