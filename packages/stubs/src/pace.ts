import { setTimeout as sleep } from 'node:timers/promises';

/** Recorded times, as they shall pass in a run. */
export interface Pace {
  /** The monotonic clock, in milliseconds. */
  now(): number;
  /** Resolves `after` recorded milliseconds after `start`; never early for `Infinity`. False: the stubs have been stopped meanwhile. */
  until(start: number, after: number): Promise<boolean>;
  /** The same in real time at any pace: for what waits for the application's own clock. */
  untilReally(start: number, after: number): Promise<boolean>;
}

/** Node's timers overflow beyond this. */
const LONGEST = 2 ** 31 - 1;

function now(): number {
  return performance.now();
}

/** `factor` 1 lets times pass as recorded, 0 not at all. */
export function createPace(factor: number, stopped: AbortSignal): Pace {
  const wait = async (due: number): Promise<boolean> => {
    for (let left = due - now(); left > 0; left = due - now()) {
      if (stopped.aborted) return false;
      try {
        await sleep(Math.min(left, LONGEST), undefined, { signal: stopped });
      } catch {
        return false;
      }
    }
    return !stopped.aborted;
  };
  return {
    now,
    until: (start, after) => wait(Number.isFinite(after) ? start + after * factor : after),
    untilReally: (start, after) => wait(start + after),
  };
}
