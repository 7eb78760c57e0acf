import { AsyncLocalStorage } from 'node:async_hooks';
import { now } from './clock.js';
import type { LiveEvent, OpenEvent } from './recorder.js';
import type { ScopeState } from './scope.js';

/** What entries ask of the recorder that made them. */
export interface Ledger {
  /** May `scope` keep `bytes` more? Counts them when it may. */
  admit(scope: ScopeState, bytes: number): boolean;
  completion(): number;
  currentScope(): ScopeState | undefined;
  runIn<R>(scope: ScopeState, fn: () => R): R;
}

/** A recorded exchange: the live event by reference, its place in the order of things, and its times. */
export class Entry implements OpenEvent {
  readonly live: LiveEvent;
  readonly scope: ScopeState;
  /** Order of beginning, over the whole process. */
  readonly order: number;
  readonly at: number;
  endedAt: number | undefined = undefined;
  /** Order of completion, over the whole process. */
  done: number | undefined = undefined;
  bytes = 0;
  readonly #ledger: Ledger;

  constructor(ledger: Ledger, live: LiveEvent, scope: ScopeState, order: number) {
    this.#ledger = ledger;
    this.live = live;
    this.scope = scope;
    this.order = order;
    this.at = now();
  }

  keep(bytes: number): boolean {
    if (!this.#ledger.admit(this.scope, bytes)) return false;
    this.bytes += bytes;
    return true;
  }

  end(): void {
    if (this.endedAt !== undefined) return;
    this.endedAt = now();
    this.done = this.#ledger.completion();
  }

  drop(): void {
    if (this.endedAt !== undefined) return;
    this.endedAt = now();
    const index = this.scope.entries.lastIndexOf(this);
    if (index < 0) return;
    this.scope.entries.splice(index, 1);
    this.scope.bytes -= this.bytes;
  }

  bind<A extends unknown[], R>(fn: (...args: A) => R): (...args: A) => R {
    const ledger = this.#ledger;
    const scope = this.scope;
    // In the context of the beginning, all of it is kept (the application's own storages too); later only the scope is known.
    if (ledger.currentScope() === scope) {
      const run = AsyncLocalStorage.snapshot();
      return function bound(this: unknown, ...args: A): R {
        return run(() => fn.apply(this, args));
      };
    }
    return function bound(this: unknown, ...args: A): R {
      return ledger.runIn(scope, () => fn.apply(this, args));
    };
  }
}
