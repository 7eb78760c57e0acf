import type { ErrorPackage, FileEvent, HttpEvent, IoEvent, MessageEvent, MongodbEvent, ProcessEvent, RedisEvent, SocketEvent, SqlEvent } from '@deja/format';
import { setsRedisUp } from '@deja/stubs';
import { talkOf } from '../compare/talk.js';
import { describeOutcome, describeRequest } from '../compare/describe.js';

/** Something observed that the failure may need, and what a control run puts in its place. */
export type Candidate =
  | { readonly kind: 'sql'; readonly event: SqlEvent; readonly removed: string }
  | { readonly kind: 'http'; readonly event: HttpEvent; readonly removed: string }
  | { readonly kind: 'redis'; readonly event: RedisEvent; readonly removed: string }
  | { readonly kind: 'mongodb'; readonly event: MongodbEvent; readonly removed: string }
  | { readonly kind: 'message'; readonly event: MessageEvent; readonly removed: string }
  | { readonly kind: 'socket'; readonly event: SocketEvent; readonly removed: string }
  | { readonly kind: 'process'; readonly event: ProcessEvent; readonly removed: string }
  | { readonly kind: 'file'; readonly event: FileEvent; readonly removed: string }
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
  const atStart = (context.requests[0]?.trigger.kind ?? 'start') === 'start';
  const own = timeline.filter(({ scope, seq }) => {
    if (seq > last) return false;
    return scope === undefined || (scope.in === 'request' ? scope.request === 0 : atStart);
  });
  const ranked = own.toReversed().toSorted((a, b) => suspicion(b) - suspicion(a));
  const draws = own.filter((event) => event.kind === 'random' && event.source !== 'ObjectId').length;
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
      return setsRedisUp(event.command) ? [] : [{ kind: 'redis', event, removed }];
    case 'mongodb':
      return tellsNothing(event) ? [] : [{ kind: 'mongodb', event, removed }];
    case 'message':
      return isSettlement(event) ? [] : [{ kind: 'message', event, removed }];
    case 'socket':
      return event.transport !== 'udp' && talkOf(event)?.pieces?.length ? [{ kind: 'socket', event, removed }] : [];
    case 'process':
      return [{ kind: 'process', event, removed }];
    case 'file':
      return event.operation === 'write' ? [] : [{ kind: 'file', event, removed }];
    case 'dns':
    case 'state':
    case 'random':
      return [];
  }
}

function suspicion(event: IoEvent): number {
  if (!('ok' in event.outcome)) return 2;
  if (event.kind === 'process') return 'ok' in event.outcome && event.outcome.ok.code !== 0 ? 1 : 0;
  return event.kind === 'http' && 'ok' in event.outcome && event.outcome.ok.status >= 400 ? 1 : 0;
}

/** Neither can be answered otherwise: the client does not wait. */
function isSettlement({ operation }: MessageEvent): boolean {
  return /^(?:ack|nack|nak|term|working|reject|subscribe|connect|disconnect)$/.test(operation);
}

function isTransactionControl(text: string): boolean {
  return /^\s*(begin|start transaction|commit|rollback|savepoint|release|set|show|discard)\b/i.test(text);
}

/** What ends a transaction of MongoDB, and writes that went well: the application learns nothing of them that it did not know. */
function tellsNothing({ name, outcome }: MongodbEvent): boolean {
  if (/^(?:commit|abort)Transaction$/.test(name)) return true;
  return /^(?:insert|update|delete)$/.test(name) && 'ok' in outcome && !/"write(?:Errors|ConcernError)"/.test(outcome.ok.reply);
}
