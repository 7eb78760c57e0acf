import type { ErrorPackage, IoEvent } from '@deja/format';
import { joinedTalks, talkOf } from './talk.js';

/** What is compared of a timeline. */
export type Exchange = Extract<IoEvent, { kind: 'sql' | 'http' | 'redis' | 'mongodb' | 'message' | 'socket' | 'process' | 'file' }>;

const COMPARED: ReadonlySet<IoEvent['kind']> = new Set(['sql', 'http', 'redis', 'mongodb', 'message', 'socket', 'process', 'file']);

/** The failing request's exchanges that had begun before the failure, as far as `recording` could have them. A failure at start has those of the boot. */
export function exchanges({ timeline, failure, context }: ErrorPackage, recording: ErrorPackage): readonly Exchange[] {
  const last = failure?.afterSeq ?? Infinity;
  const atStart = (context.requests[0]?.trigger.kind ?? 'start') === 'start';
  return joinedTalks(timeline.filter((event): event is Exchange => {
    const scope = event.scope ?? { in: 'request', request: 0 };
    const mine = scope.in === 'request' ? scope.request === 0 : atStart;
    // Whether an attempt to connect was over by then is a matter of moments: one that came through is no event.
    if (event.kind === 'socket' && 'pending' in event.outcome && !talkOf(event)?.pieces?.length) return false;
    if ((event.kind === 'message' && event.operation === 'connect') || !wasObserved(event, recording)) return false;
    return mine && event.seq <= last && (COMPARED.has(event.kind));
  }));
}

/** What the recording's capture did not look at, an older one or one that was told not to, is not missing from it. */
function wasObserved(event: IoEvent, { manifest }: ErrorPackage): boolean {
  const sources = manifest.capture.sources ?? [];
  if (event.kind === 'process') return sources.includes('processes');
  if (event.kind === 'file') return sources.includes('files');
  if (event.kind === 'socket' && event.transport === 'udp') return sources.includes('datagrams');
  return event.kind !== 'socket' || event.attributes !== undefined || sources.includes('connections');
}
