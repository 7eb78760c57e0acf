import type { ErrorPackage, HttpEvent, IoEvent, RedisEvent, SqlEvent } from '@deja/format';
import { describeOutcome, describeRequest } from '../compare/describe.js';

/** Something observed that the failure may need, and what a control run puts in its place. */
export type Candidate =
  | { readonly kind: 'sql'; readonly event: SqlEvent; readonly removed: string }
  | { readonly kind: 'http'; readonly event: HttpEvent; readonly removed: string }
  | { readonly kind: 'redis'; readonly event: RedisEvent; readonly removed: string }
  | { readonly kind: 'random'; readonly removed: string }
  | { readonly kind: 'input'; readonly removed: string };

/** A failure that needs none of so many exchanges hardly needs the next; each try costs a run. */
const MOST_EXCHANGES = 4;

/**
 * What to take away, the most suspicious first: exchanges that went wrong, then answers of status 400 and above, then whatever
 * came last before the failure; then the recorded randomness, and at the end what the request itself brought.
 */
export function controlCandidates({ timeline, failure, context }: ErrorPackage): readonly Candidate[] {
  const last = failure?.afterSeq ?? Infinity;
  const atStart = context.requests[0]?.trigger.kind !== 'http';
  const own = timeline.filter(({ scope, seq }) => {
    if (seq > last) return false;
    return scope === undefined || (scope.in === 'request' ? scope.request === 0 : atStart);
  });
  const ranked = own.toReversed().toSorted((a, b) => suspicion(b) - suspicion(a));
  const draws = own.filter(({ kind }) => kind === 'random').length;
  const random: Candidate = { kind: 'random', removed: `the recorded randomness (${draws} drawn)` };
  const input: Candidate = { kind: 'input', removed: 'the query, body and headers of the trigger' };
  return [...ranked.flatMap(candidateOf).slice(0, MOST_EXCHANGES), ...(draws === 0 ? [] : [random]), ...(atStart ? [] : [input])];
}

function candidateOf(event: IoEvent): readonly Candidate[] {
  const removed = `event ${event.seq} (${describeRequest(event)} → ${describeOutcome(event)})`;
  switch (event.kind) {
    case 'sql':
      return isTransactionControl(event.text) ? [] : [{ kind: 'sql', event, removed }];
    case 'http':
      return [{ kind: 'http', event, removed }];
    case 'redis':
      return [{ kind: 'redis', event, removed }];
    case 'dns':
    case 'socket':
    case 'state':
    case 'random':
      return [];
  }
}

function suspicion(event: IoEvent): number {
  if (!('ok' in event.outcome)) return 2;
  return event.kind === 'http' && 'ok' in event.outcome && event.outcome.ok.status >= 400 ? 1 : 0;
}

function isTransactionControl(text: string): boolean {
  return /^\s*(begin|start transaction|commit|rollback|savepoint|release|set|show|discard)\b/i.test(text);
}
