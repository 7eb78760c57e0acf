import { performance } from 'node:perf_hooks';

// Bound before anything else runs: a replay that moves the application's clock must not move ours.
const monotonic = performance.now.bind(performance);

/** Milliseconds since 1970 of the process's start; the zero of every `at`. */
export const EPOCH = Math.round(performance.timeOrigin * 1000) / 1000;

let passed = 0;

/** Milliseconds since `EPOCH`, monotonic. */
export function now(): number {
  return monotonic() + passed;
}

/** Milliseconds that passed at once, in a replay that passes waiting over. */
export function skipped(): number {
  return passed;
}

/** Puts the clock forward. */
export function skip(ms: number): void {
  passed += ms;
}

/** Rounded to microseconds: more digits say nothing and cost bytes. */
export function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
