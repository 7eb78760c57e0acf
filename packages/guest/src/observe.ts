import type { Clock } from '@deja/stubs/clock';
import type { RunningApp } from './app.js';
import { fire } from './fire.js';
import type { PackageOutbox } from './package-outbox.js';
import type { GuestPlan } from './plan.js';
import type { AppEnd, TriggerResult } from './protocol.js';
import type { World } from './world.js';
import { untilListening } from './ready.js';

/** Capture writes the package before the answer's last byte: what is not there by now will hardly come. */
const PACKAGE_GRACE_MS = 1000;
/** A failure that was recorded after its answer is waited for as long as it took then, and this much more. */
const LATE_GRACE_MS = 1500;
const DEFAULT_SETTLE_MS = 2000;
/** Number of the failing request in a recording, and what capture calls its package. */
const FAILING = 0;
const FAILING_PACKAGE = `request-${FAILING}.deja`;

export interface Observed {
  readonly responses: readonly TriggerResult[];
  readonly end: AppEnd | null;
}

/**
 * Fires the triggers and waits for what shall end the observation, or for the deadline.
 *
 * @throws AgentError DEJA_PLAN_INVALID
 */
export async function observe({ plan, clock, deliver }: Pick<World, 'plan' | 'clock' | 'deliver'>, app: RunningApp, outbox: PackageOutbox): Promise<Observed> {
  const over = new AbortController();
  let timedOut = false;
  void clock.sleep(plan.deadlines.triggerMs, over.signal).then((passed) => {
    timedOut = passed;
    over.abort();
  });
  try {
    const answered = new AbortController();
    const fired = fire({ plan, clock, deliver }, over.signal, ({ request }) => void (request === FAILING && answered.abort()));
    if (plan.until === 'exit') await Promise.race([app.ended, aborted(over.signal), fired.then(() => settle(plan, clock, over.signal))]);
    else await answerAndPackage(plan, answered.signal, app, outbox, over.signal);
    over.abort();
    const responses = await fired;
    outbox.collect();
    return { responses, end: app.end ?? (timedOut ? { kind: 'timed-out' } : null) };
  } finally {
    over.abort();
  }
}

/** The failing request's answer and what was recorded of it. Requests that overlapped it may go on for ever: they are not waited for. */
async function answerAndPackage(plan: GuestPlan, answered: AbortSignal, app: RunningApp, outbox: PackageOutbox, over: AbortSignal): Promise<void> {
  const enough = new AbortController();
  const gone = app.ended.then(() => enough.abort());
  // Without requests, what comes first is the observation: a package, the end, or the deadline.
  if (!plan.triggers.some(({ request, trigger }) => request === FAILING && trigger.kind !== 'start')) {
    return await outbox.collectUntil((delivered) => delivered.size > 0, AbortSignal.any([over, enough.signal]));
  }
  await Promise.race([aborted(answered), aborted(over), gone]);
  // That a message was handed over says nothing about its work: the package does.
  const grace = plan.triggers.some(({ request, trigger }) => request === FAILING && trigger.kind === 'message') ? undefined : PACKAGE_GRACE_MS;
  await outbox.collectUntil((delivered) => delivered.has(FAILING_PACKAGE), AbortSignal.any([over, enough.signal]), grace);
  const { lateMs } = plan.deadlines;
  if (lateMs === undefined) return;
  // The package of the answer is written again when the request's own work fails after it.
  await outbox.collectUntil((delivered) => (delivered.get(FAILING_PACKAGE) ?? 0) > 1, AbortSignal.any([over, enough.signal]), lateMs + LATE_GRACE_MS);
}

/** How long the process may still take to fall, when everything was answered and it has not. */
async function settle(plan: GuestPlan, clock: Clock, over: AbortSignal): Promise<void> {
  const endless = plan.triggers.every(({ trigger }) => trigger.kind === 'start') && plan.app.ready.length === 0;
  if (endless) return await aborted(over);
  await untilListening(plan, clock, over);
  await clock.sleep(plan.deadlines.settleMs ?? DEFAULT_SETTLE_MS, over);
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
