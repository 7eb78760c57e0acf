import type { PauseLimits } from './pause-budget.js';

/** Given to the thread that watches. */
export interface WatcherData {
  readonly root: string;
  readonly limits: PauseLimits;
}

/** To the watching thread. `failed`: an exception of this place became a failure. `end`: close the session, then wake who waits. */
export type WatcherMessage = { readonly failed: string } | { readonly end: Int32Array };

/** From the watching thread. `off`: why it gave up. */
export type WatcherNews = { readonly ready: true } | { readonly off: string };

/** Name of the function (a global symbol) through which the paused application's thread keeps what it is shown. */
export const KEEP = '@deja/capture/keep-locals';
