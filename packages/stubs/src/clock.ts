import { setTimeout as sleep } from 'node:timers/promises';

/** The time that a run lives in: this machine's, or one that passes over what nobody needs to wait for. */
export interface Clock {
  /** Milliseconds, monotonic. */
  now(): number;
  /** Resolves after `ms` of this clock's milliseconds (true; never for `Infinity`), or at the signal (false). */
  sleep(ms: number, signal?: AbortSignal): Promise<boolean>;
  /** Somebody works whom the clock cannot see, an engine: until this is disposed of, time passes as it does everywhere. */
  working(): Disposable;
}

/** Node's timers overflow beyond this. */
const LONGEST = 2 ** 31 - 1;
const NOTHING: Disposable = { [Symbol.dispose]: () => undefined };

export const machineClock: Clock = {
  now: () => performance.now(),
  async sleep(ms, signal) {
    const due = performance.now() + ms;
    for (let left = ms; left > 0; left = due - performance.now()) {
      try {
        await sleep(Math.min(left, LONGEST), undefined, signal && { signal });
      } catch {
        return false;
      }
    }
    return !signal?.aborted;
  },
  working: () => NOTHING,
};
