import type { ErrorPackage } from '@deja/format';
import type { GuestDeadlines } from '@deja/guest';

const SETTLE_MS = 2000;
/** In real time nobody waits longer for a process to end as it did; where waiting is passed over, it may have lived for long. */
const LONGEST_LIFE_MS = 60_000;
const LONGEST_SKIPPED_LIFE_MS = 24 * 60 * 60 * 1000;

/** A process that ended without a request, of a message that came for instance, is given the time that it lived. */
export function lifetime(recording: ErrorPackage, triggerMs: number, fastForward: boolean): Partial<GuestDeadlines> {
  const lived = livedMs(recording);
  if (lived === null) return {};
  const settleMs = SETTLE_MS + Math.min(lived, fastForward ? LONGEST_SKIPPED_LIFE_MS : LONGEST_LIFE_MS);
  return { settleMs, triggerMs: Math.max(triggerMs, settleMs + SETTLE_MS) };
}

/** Whether a process that did not end within its observation has outlived the recorded one. */
export function isOutlived(recording: ErrorPackage): boolean {
  const lived = livedMs(recording);
  return lived !== null && lived <= LONGEST_LIFE_MS;
}

/** How long it was until it ended without a request; null where it did not. */
function livedMs({ failure, context }: Pick<ErrorPackage, 'failure' | 'context'>): number | null {
  if (!failure?.fatal || failure.at === undefined || context.requests[0]?.trigger.kind === 'http') return null;
  return Math.ceil(Math.max(0, failure.at));
}
