import type { NotedFailure } from '../failure/noted.js';
import type { Entry } from './entry.js';
import type { RequestScope } from './scope.js';
import type { TimelineRecorder } from './timeline-recorder.js';

/** One request of a package: its scope, and what is let go with the scope, held on to. */
export interface PackagedRequest {
  readonly scope: RequestScope | undefined;
  readonly exchange: RequestScope['exchange'];
  readonly message: RequestScope['message'];
}

/** Everything that a package will be made of, by reference, taken at one moment. */
export interface Snapshot {
  /** Null: an observation without failure. */
  readonly failure: NotedFailure | null;
  readonly fatal: boolean;
  /** Number 0 is the failing one; without a scope it is the start of the process. */
  readonly requests: readonly PackagedRequest[];
  /** In order of beginning. */
  readonly entries: readonly Entry[];
  readonly dropped: readonly string[];
}

/** More would not tell more, and each may hold a whole budget of bytes. */
const MAX_OVERLAPPING = 50;

export function snapshotOf(
  recorder: TimelineRecorder, scope: RequestScope | undefined, failure: NotedFailure | null, fatal: boolean,
): Snapshot {
  const others = scope ? recorder.overlapping(scope) : recorder.running();
  const overlapping = others.slice(0, MAX_OVERLAPPING);
  const requests = [scope, ...overlapping];
  const scopes = [recorder.boot, recorder.background, ...requests.filter((one) => one !== undefined)];
  const dropped = scopes
    .filter((one) => one.dropped > 0 && one.in !== 'background')
    .map((one) => `${one.dropped} ${one.in === 'boot' ? 'exchanges of the start-up' : 'exchanges or bodies of a request'} were not kept: over budget`);
  if (others.length > overlapping.length) dropped.push(`${others.length - overlapping.length} more requests overlapped`);
  return {
    failure,
    fatal,
    requests: requests.map((one) => ({ scope: one, exchange: one?.exchange, message: one?.message })),
    entries: scopes.flatMap((one) => one.entries).toSorted((a, b) => a.order - b.order),
    dropped: [...new Set(dropped)],
  };
}
