import type { ReplayInstructions, ReplayTime } from '@deja/format';
import { installClock, type ReplayClock } from './clock.js';
import { redirectConnections } from './redirect.js';
import { replayRandomness } from './randomness.js';
import { joinTime } from './time/join.js';

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
  const time = instructions.time && joined(instructions.time);
  const at = instructions.clock ?? (time && Date.now());
  const clock: ReplayClock | undefined = at === undefined ? undefined : installClock(at);
  const randomness = instructions.random?.length ? replayRandomness(instructions.random, options.currentRequest) : undefined;
  const redirect = instructions.redirect === undefined ? undefined : redirectConnections(instructions.redirect);
  return {
    firstRequest: () => void (instructions.clock !== undefined && clock?.reached()),
    [Symbol.dispose]: () => {
      for (const part of [redirect, randomness, clock, time]) part?.[Symbol.dispose]();
    },
  };
}

/** Without it the application runs as well, in real time; the agent says that its clock could not be put forward. */
function joined(time: ReplayTime): Disposable | undefined {
  try {
    return joinTime(time);
  } catch (error) {
    process.stderr.write(`deja: time passes as it does: ${error instanceof Error ? error.message : String(error)}\n`);
    return undefined;
  }
}
