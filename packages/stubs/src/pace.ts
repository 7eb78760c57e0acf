import { setTimeout as sleep } from 'node:timers/promises';

/** Recorded times, as they shall pass in a run. */
export interface Pace {
  /** The monotonic clock, in milliseconds. */
  now(): number;
  /** Resolves `after` recorded milliseconds after `start`. False: the stubs have been stopped meanwhile. */
  until(start: number, after: number): Promise<boolean>;
}

/** `factor` 1 lets times pass as recorded, 0 not at all. */
export function createPace(factor: number, stopped: AbortSignal): Pace {
  const now = (): number => performance.now();
  return {
    now,
    async until(start, after) {
      if (stopped.aborted) return false;
      const left = start + after * factor - now();
      if (left <= 0) return true;
      try {
        await sleep(left, undefined, { signal: stopped });
        return true;
      } catch {
        return false;
      }
    },
  };
}
