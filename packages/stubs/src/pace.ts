import type { Clock } from './clock.js';

/** Recorded times, as they shall pass in a run. */
export interface Pace {
  /** The clock's milliseconds. */
  now(): number;
  /** Resolves `after` recorded milliseconds after `start`; never early for `Infinity`. False: the stubs have been stopped meanwhile. */
  until(start: number, after: number): Promise<boolean>;
  /** The same at any pace: for what waits for the application's own clock. */
  untilReally(start: number, after: number): Promise<boolean>;
}

/** `factor` 1 lets times pass as recorded, 0 not at all. */
export function createPace(factor: number, clock: Clock, stopped: AbortSignal): Pace {
  const wait = (due: number): Promise<boolean> => clock.sleep(due - clock.now(), stopped);
  return {
    now: () => clock.now(),
    until: (start, after) => wait(Number.isFinite(after) ? start + after * factor : after),
    untilReally: (start, after) => wait(start + after),
  };
}
