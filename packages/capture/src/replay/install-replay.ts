import type { ReplayInstructions } from '@deja/format';
import { installClock, type ReplayClock } from './clock.js';
import { redirectConnections } from './redirect.js';
import { replayRandomness } from './randomness.js';

export interface ReplayOptions {
  /** Index of the recorded request in whose context the caller runs. Undefined: none (start-up, background). */
  readonly currentRequest: () => number | undefined;
}

/** Replay in force. Disposing it gives everything back. */
export interface Replay extends Disposable {
  /** Tell it when the first recorded request arrives, before the application sees it: from then on the clock shows the recorded time. */
  firstRequest(): void;
}

/** Puts the application into the recorded circumstances: its clock, its randomness, and where its connections lead. */
export function installReplay(instructions: ReplayInstructions, options: ReplayOptions): Replay {
  const clock: ReplayClock | undefined = instructions.clock === undefined ? undefined : installClock(instructions.clock);
  const randomness = instructions.random?.length ? replayRandomness(instructions.random, options.currentRequest) : undefined;
  const redirect = instructions.redirect === undefined ? undefined : redirectConnections(instructions.redirect);
  return {
    firstRequest: () => clock?.reached(),
    [Symbol.dispose]: () => {
      for (const part of [redirect, randomness, clock]) part?.[Symbol.dispose]();
    },
  };
}
