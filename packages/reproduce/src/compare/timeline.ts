import { basename } from 'node:path';
import type { ErrorPackage, IoEvent, Outcome } from '@deja/format';
import { bodyBytes } from '@deja/format/node';
import { describeOutcome, describeRequest } from './describe.js';
import type { Divergence } from './divergence.js';
import { sameValue, type Windows } from './values.js';

/**
 * The first difference between what the failing request asked of the outside and was told, up to the failure, then and now.
 * Randomness, state and name look-ups are inputs of the replay, not exchanges: they are not compared.
 */
export function compareTimelines(recorded: ErrorPackage, replayed: ErrorPackage): Divergence | null {
  const then = exchanges(recorded);
  const now = exchanges(replayed);
  const windows = { recorded: windowOf(recorded), replayed: windowOf(replayed) };
  for (const [index, event] of then.entries()) {
    const other = now[index];
    if (other === undefined) return differs(event.seq, `event ${event.seq} did not happen`, describeRequest(event), 'nothing');
    if (!sameValue(requestOf(event, recorded), requestOf(other, replayed), windows)) {
      return differs(event.seq, `event ${event.seq} asked something else`, describeRequest(event), describeRequest(other));
    }
    if (!sameOutcome(event, recorded, other, replayed, windows)) {
      return differs(event.seq, `event ${event.seq} ended differently (${describeRequest(event)})`, describeOutcome(event), describeOutcome(other));
    }
  }
  const extra = now[then.length];
  return extra ? differs(undefined, 'the replay asked more than the recording', 'nothing', describeRequest(extra)) : null;
}

type Exchange = Extract<IoEvent, { kind: 'sql' | 'http' | 'redis' | 'socket' }>;

/** The failing request's exchanges that had begun before the failure. A failure at start has those of the boot. */
function exchanges({ timeline, failure, context }: ErrorPackage): readonly Exchange[] {
  const last = failure?.afterSeq ?? Infinity;
  const atStart = context.requests[0]?.trigger.kind !== 'http';
  return timeline.filter((event): event is Exchange => {
    const scope = event.scope ?? { in: 'request', request: 0 };
    const mine = scope.in === 'request' ? scope.request === 0 : atStart;
    return mine && event.seq <= last && (event.kind === 'sql' || event.kind === 'http' || event.kind === 'redis' || event.kind === 'socket');
  });
}

function requestOf(event: Exchange, { blobs, databases }: ErrorPackage): unknown {
  switch (event.kind) {
    case 'sql':
      return ['sql', databaseOf(event.database, databases), event.text, event.params ?? []];
    case 'http':
      return ['http', event.method, event.url, event.body ? content(bodyBytes(blobs, event.body)) : ''];
    case 'redis':
      return ['redis', event.server, event.command];
    case 'socket':
      return ['socket', event.host, event.port];
  }
}

/** A SQLite file is the same one wherever the application's folder lies. */
function databaseOf(name: string, databases: ErrorPackage['databases']): string {
  const info = databases.find((database) => database.name === name);
  return info?.engine === 'sqlite' && info.file !== undefined ? basename(info.file) : name;
}

function sameOutcome(event: Exchange, recorded: ErrorPackage, other: Exchange, replayed: ErrorPackage, windows: Windows): boolean {
  const [then, now] = [event.outcome, other.outcome];
  // Still under way at the failure, it may have ended by now in the replay, and the other way round: only its beginning counts.
  if ('pending' in then || 'pending' in now) return statusOf(then) === undefined || statusOf(now) === undefined || statusOf(then) === statusOf(now);
  return sameValue(outcomeOf(event, recorded), outcomeOf(other, replayed), windows);
}

function outcomeOf(event: Exchange, { blobs }: ErrorPackage): unknown {
  switch (event.kind) {
    case 'sql':
      return ended(event.outcome, ({ command, rowCount, rows, fields }) => [command, rowCount, rows, fields.map((field) => field.name)]);
    case 'http':
      return ended(event.outcome, ({ status, body }) => [status, body ? content(bodyBytes(blobs, body)) : '']);
    case 'redis':
      return ended(event.outcome, (reply) => reply);
    case 'socket':
      return ended(event.outcome, () => 'connected');
  }
}

/** The status of an HTTP answer of which the head had arrived. */
function statusOf(outcome: Exchange['outcome']): number | undefined {
  const seen = 'ok' in outcome ? outcome.ok : 'error' in outcome ? outcome.partial : outcome.pending.partial;
  return seen && 'status' in seen ? seen.status : undefined;
}

function ended<T>(outcome: Outcome<T>, ok: (value: T) => unknown): unknown {
  if ('ok' in outcome) return { ok: ok(outcome.ok) };
  if ('pending' in outcome) return 'pending';
  return { error: outcome.error.code ?? outcome.error.message };
}

/** JSON is compared by structure, anything else by its bytes. */
function content(bytes: Uint8Array): unknown {
  const text = Buffer.from(bytes).toString('latin1');
  if (text.startsWith('{') || text.startsWith('[')) {
    try {
      return JSON.parse(Buffer.from(bytes).toString('utf8'));
    } catch {
      return text;
    }
  }
  return text;
}

function windowOf({ context }: ErrorPackage): readonly [number, number] {
  const request = context.requests[0];
  const from = context.epoch + (request?.at ?? 0);
  return [from, from + (request?.ms ?? 60_000)];
}

function differs(seq: number | undefined, summary: string, recorded: string, replayed: string): Divergence {
  return { where: 'timeline', ...(seq === undefined ? {} : { seq }), summary, recorded, replayed };
}
