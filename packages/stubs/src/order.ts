import type { Clock } from './clock.js';
import type { Journal } from './journal.js';
import type { Exchange } from './plan.js';

/** An exchange that was asked for and is not answered yet. */
export interface Turn {
  /** Resolves when every outstanding exchange that was recorded as finished earlier is finished. Call it when the answer is due. */
  wait(): Promise<void>;
  /** The answer is out, or will never be. */
  leave(): void;
}

/** Lets answers out in the recorded order of completion, over all stubs, so that a race takes the recorded turn. */
export interface ReleaseOrder {
  enter(exchange: Exchange, stub: string): Turn;
}

/** An answer that has been due for so long is let out, whatever is still outstanding. */
const PATIENCE_MS = 2000;

interface Outstanding {
  readonly exchange: Exchange;
  readonly done: number;
}

export function createReleaseOrder(journal: Journal, clock: Clock, stopped: AbortSignal, patienceMs = PATIENCE_MS): ReleaseOrder {
  const outstanding = new Set<Outstanding>();
  const waiting = new Set<() => void>();
  const wake = (): void => {
    for (const check of waiting) check();
  };
  stopped.addEventListener('abort', () => {
    outstanding.clear();
    wake();
  });
  return {
    enter(exchange, stub) {
      // What was not seen to finish has no place in the order; nor has what goes on beside the requests, at other times in every run.
      if (exchange.done === undefined || exchange.repeat) return { wait: () => Promise.resolve(), leave: () => undefined };
      const entry: Outstanding = { exchange, done: exchange.done };
      outstanding.add(entry);
      const earlier = (): Outstanding | undefined => [...outstanding].find((other) => other.done < entry.done);
      return {
        async wait() {
          if (!earlier()) return;
          await new Promise<void>((resolve) => {
            const settled = new AbortController();
            const finish = (): void => {
              settled.abort();
              waiting.delete(check);
              resolve();
            };
            const check = (): void => {
              if (!earlier()) finish();
            };
            void clock.sleep(patienceMs, settled.signal).then((lost) => {
              if (!lost) return;
              const other = earlier();
              journal.diverge({
                stub,
                asked: `event ${exchange.seq}`,
                reason: `answered before event ${other?.exchange.seq ?? '?'}, which was recorded as finished earlier but did not finish within ${patienceMs} ms`,
              });
              finish();
            });
            waiting.add(check);
          });
        },
        leave() {
          if (outstanding.delete(entry)) wake();
        },
      };
    },
  };
}
