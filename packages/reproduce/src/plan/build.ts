import type { ErrorPackage } from '@deja/format';
import { compileFixtures } from '@deja/fixtures';
import { buildStubPlan } from '@deja/stubs';
import { planApp } from './app.js';
import { sqliteAnswers } from './sqlite-answers.js';
import type { AppPlan, PlanInMaking, PlannedTrigger, ReproductionPlan } from './plan.js';

export interface BuildOptions {
  /** Where prepared engines are kept between runs. */
  readonly cacheFolder: string;
}

/** From what was observed to everything a reproduction needs. */
export function beginPlan(recording: ErrorPackage, options: BuildOptions): PlanInMaking {
  const app = planApp(recording.context);
  const plan = buildPlan(recording, app, options);
  // Whoever awaits it hears of its failure; that may be late, or never.
  plan.catch(() => undefined);
  return { recording, app, plan };
}

async function buildPlan(recording: ErrorPackage, app: AppPlan, { cacheFolder }: BuildOptions): Promise<ReproductionPlan> {
  const { plan: fixtures, certificate } = await compileFixtures({ databases: recording.databases, events: recording.timeline, epoch: recording.context.epoch }, { cacheFolder });
  const opaque = certificate.statements.filter(({ exact }) => !exact).map(({ seq, reason }) => ({ seq, reason: reason ?? 'not exact' }));
  return {
    deja: 'plan/1',
    app,
    fixtures,
    stubs: buildStubPlan(recording, opaque),
    sqlite: sqliteAnswers(recording, new Set(opaque.map(({ seq }) => seq))),
    certificate,
    clock: planClock(recording),
    triggers: planTriggers(recording),
    recording,
    edits: [],
  };
}

/** The time at which the failing request came. */
export function planClock({ context }: ErrorPackage): number {
  return context.epoch + (context.requests[0]?.at ?? 0);
}

/** The failing request (or message) and those that overlapped it, at their recorded distances. */
export function planTriggers({ context }: ErrorPackage): readonly PlannedTrigger[] {
  const fired = context.requests.flatMap(({ trigger, at }, request) => (trigger.kind === 'start' ? [] : [{ request, at, trigger }]));
  const first = Math.min(...fired.map(({ at }) => at));
  return fired.map((planned) => ({ ...planned, at: planned.at - first })).toSorted((a, b) => a.at - b.at);
}
