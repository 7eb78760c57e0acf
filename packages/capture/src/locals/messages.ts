import type { PauseLimits } from './pause-budget.js';

/** Given to the thread that watches. */
export interface WatcherData {
  readonly root: string;
  readonly limits: PauseLimits;
  readonly windows: WatchWindows;
}

/**
 * How long exceptions are watched, in milliseconds: from the start, and after each failure. In between the debugger is off, because while it is
 * on V8 takes a slow path for every promise (0.3 to 0.7 µs each). Null: always on.
 */
export interface WatchWindows {
  readonly fromStart: number | null;
  readonly afterFailure: number | null;
}

/** To the watching thread. `failed`: an exception became a failure, and its place where that is known. `end`: close the session, then wake who waits. */
export type WatcherMessage = { readonly failed: string | undefined } | { readonly end: Int32Array };

/** From the watching thread. `off`: why it gave up. */
export type WatcherNews = { readonly ready: true } | { readonly off: string };

/** Name of the function (a global symbol) through which the paused application's thread keeps what it is shown. */
export const KEEP = '@deja/capture/keep-locals';
