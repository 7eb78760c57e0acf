import type { ErrorPackage } from '@deja/format';
import { inWords, type Observation } from '@deja/guest';
import { isOutlived } from '../plan/lifetime.js';
import type { Verdict } from '../verdict.js';
import type { Divergence } from './divergence.js';
import { compareFailures } from './failure.js';
import { asRecorded } from './generated.js';
import { compareTimelines } from './timeline.js';
import { windowsOf } from './windows.js';

/** What one run showed. */
export interface Judgement {
  readonly verdict: Exclude<Verdict, 'flaky'>;
  readonly divergence: Divergence | null;
}

export interface Replay {
  readonly observation: Observation;
  /** What the replayed application's capture wrote about the failing request; null when it wrote nothing. */
  readonly replayed: ErrorPackage | null;
}

/**
 * The verdict of one run.
 * - same failure, same timeline up to it: `reproduced`
 * - the trigger was answered without any failure: `not-reproduced`; with unchanged code only if the replay also stayed on the recording
 * - anything else that is known: `diverged`; nothing known: `inconclusive`
 */
export function judge(recorded: ErrorPackage, { observation, replayed: replay }: Replay, changedCode: boolean): Judgement {
  if (recorded.failure === null) return inconclusive('the package holds no failure to compare with');
  if (replay === null) return withoutFailure(recorded, observation);
  const replayed = asRecorded(recorded, replay);
  const timeline = compareTimelines(recorded, replayed);
  const failure = compareFailures(recorded.failure, replayed.failure, { changedCode, windows: windowsOf(recorded, replayed) });
  if (failure === null) return timeline === null ? { verdict: 'reproduced', divergence: null } : diverged(timeline, observation);
  if (replayed.failure === null) {
    const miss = timeline && missBehind(timeline, observation);
    if (miss) return { verdict: 'diverged', divergence: miss };
    return timeline === null || changedCode ? { verdict: 'not-reproduced', divergence: timeline ?? failure } : diverged(timeline, observation);
  }
  return diverged(timeline ?? failure, observation);
}

/** For a control run the recording was left on purpose: all that counts is whether the same failure still happens. */
export function judgeControl(recorded: ErrorPackage, { observation, replayed }: Replay, changedCode: boolean): Judgement {
  if (recorded.failure === null) return inconclusive('the package holds no failure to compare with');
  if (replayed === null) return withoutFailure(recorded, observation);
  const failure = compareFailures(recorded.failure, asRecorded(recorded, replayed).failure, { changedCode, windows: windowsOf(recorded, replayed) });
  return failure === null ? { verdict: 'reproduced', divergence: null } : { verdict: 'not-reproduced', divergence: failure };
}

function diverged(divergence: Divergence, observation: Observation): Judgement {
  return { verdict: 'diverged', divergence: missBehind(divergence, observation) ?? divergence };
}

/** When a stub did not know what it was asked, its account (with the nearest recording) says more than the symptom. */
function missBehind(divergence: Divergence, { divergences }: Observation): Divergence | null {
  const miss = divergences.find(({ asked }) => divergence.replayed !== undefined && divergence.replayed.includes(firstWords(asked)));
  if (miss === undefined) return null;
  const { nearest } = miss;
  return {
    where: 'stub',
    ...(nearest ? { seq: nearest.seq } : {}),
    summary: nearest ? `${miss.stub} was asked what the recording does not know: ${nearest.difference}` : `${miss.stub} was asked what the recording does not know`,
    ...(nearest ? { recorded: nearest.text } : {}),
    replayed: miss.asked,
  };
}

function firstWords(asked: string): string {
  return asked.slice(0, 60);
}

function inconclusive(summary: string): Judgement {
  return { verdict: 'inconclusive', divergence: { where: 'start', summary } };
}

/** Nothing was recorded of the failing request. Of a process that ended by itself then, it is enough that this one still lives. */
function withoutFailure(recorded: ErrorPackage, observation: Observation): Judgement {
  const lives = observation.end === null && observation.responses.length === 0;
  if (!lives || !isOutlived(recorded)) return inconclusive(withoutPackage(observation));
  return { verdict: 'not-reproduced', divergence: { where: 'failure', summary: 'the process did not end' } };
}

function withoutPackage({ responses, end }: Observation): string {
  if (end !== null) return `the application ${inWords(end)} and left no record of the request`;
  const failed = responses.find(({ error }) => error !== undefined);
  return failed ? `the trigger got no answer: ${failed.error}` : 'the application left no record of the request';
}
