import { GuestError } from '@deja/sandbox';
import type { Divergence } from '../compare/divergence.js';
import { judgeControl } from '../compare/judge.js';
import type { ReproductionPlan } from '../plan/plan.js';
import type { CompletedRun, RunTimes } from '../run/run-once.js';
import { controlCandidates } from './candidates.js';
import { removeCause } from './remove.js';

/** The failure with its suspected cause taken away. */
export interface ControlResult {
  /** `not-reproduced` is what shows that the reproduction depends on what was observed. */
  readonly verdict: 'reproduced' | 'not-reproduced' | 'inconclusive';
  /** What was taken away, in words. */
  readonly removed: string;
  /** What was taken away before, without the failure stopping. */
  readonly inVain: readonly string[];
  readonly ms: RunTimes | null;
  /** What happened instead. */
  readonly instead: string | null;
  readonly divergence: Divergence | null;
}

/** Take the suspects away one at a time until the failure stops; the last result counts. Null: nothing observed could be taken away. */
export async function control(
  plan: ReproductionPlan,
  attempt: (changed: ReproductionPlan) => Promise<CompletedRun>,
  changedCode: boolean,
  onTry: (removed: string) => void,
): Promise<ControlResult | null> {
  let last: ControlResult | null = null;
  for (const candidate of controlCandidates(plan.recording)) {
    onTry(candidate.removed);
    const inVain: readonly string[] = last === null ? [] : [...last.inVain, last.removed];
    last = { inVain, ...(await tryWithout(plan, candidate, attempt, changedCode)) };
    if (last.verdict === 'not-reproduced') return last;
  }
  return last;
}

async function tryWithout(
  plan: ReproductionPlan,
  candidate: ReturnType<typeof controlCandidates>[number],
  attempt: (changed: ReproductionPlan) => Promise<CompletedRun>,
  changedCode: boolean,
): Promise<Omit<ControlResult, 'inVain'>> {
  const { removed } = candidate;
  try {
    const { ms, replay } = await attempt(removeCause(plan, candidate));
    const { verdict, divergence } = judgeControl(plan.recording, replay, changedCode);
    return { verdict: verdict === 'diverged' ? 'inconclusive' : verdict, removed, ms, instead: insteadOf(replay), divergence };
  } catch (error) {
    if (!(error instanceof GuestError)) throw error;
    return { verdict: 'inconclusive', removed, ms: null, instead: error.message, divergence: null };
  }
}

function insteadOf({ observation, replayed }: CompletedRun['replay']): string | null {
  const answer = observation.responses.find(({ request }) => request === 0)?.response;
  const failed = replayed?.manifest.summary;
  return failed ?? (answer ? `answered ${answer.status}` : null);
}
