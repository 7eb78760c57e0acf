import { randomUUID } from 'node:crypto';
import type { ApplicationInfo, CaptureSource, Context, ErrorInfo, ErrorPackage, EventBody, Failure, IoEvent, ProcessInfo, Scope } from '@deja/format';
import { errorInfo } from '../errors/error-info.js';
import { notCapturedNotes } from '../hooks/not-captured.js';
import { EPOCH, now, rounded } from './clock.js';
import type { Entry } from './entry.js';
import { fit } from './fit.js';
import { described } from './guard.js';
import { packConnections } from './connected.js';
import { Packer } from './packer.js';
import { answered, originalTarget, requestInfo } from './requests-info.js';
import type { Snapshot } from './snapshot.js';
import { schemaNames } from './schema-names.js';
import { sweepBlobs } from './sweep-blobs.js';
import { VERSION } from './version.js';
import type { Redactor } from '../redact/redactor.js';

// Bound before a replay gives the application its recorded randomness: ids of packages are ours.
export const uniqueId = randomUUID;

/** What a package says besides its events. */
export interface About {
  readonly service: string;
  readonly release: string | undefined;
  readonly mode: 'production' | 'replay';
  readonly process: ProcessInfo;
  readonly application: ApplicationInfo;
  readonly listening: Context['listening'];
  readonly startMs: number | undefined;
  readonly sources: readonly CaptureSource[];
  readonly bodyCap: number;
  readonly states: ReadonlyMap<string, unknown>;
}

/**
 * Turns a snapshot into a package. A generator: it pauses after every event, so that a healthy application can be served in between,
 * and a dying one can have it in one go.
 */
export function* assemble(snapshot: Snapshot, about: About, redactor: Redactor, id: string): Generator<undefined, ErrorPackage> {
  const packer = new Packer(redactor, about.bodyCap);
  for (const text of snapshot.dropped) packer.limit(text);
  const requests = [];
  for (const request of snapshot.requests) {
    requests.push(requestInfo(request, packer));
    yield;
  }
  const places = new Map<unknown, number>(snapshot.requests.map(({ scope }, index) => [scope, index]));
  const ranks = ranksOf(snapshot.entries);
  const timeline: IoEvent[] = [];
  let afterSeq = 0;
  for (const entry of snapshot.entries) {
    const body = bodyOf(entry, packer);
    if (body) timeline.push({ ...redactedBody(body, redactor), seq: timeline.length + 1, scope: scopeOf(entry, places), ...timesOf(entry, ranks) });
    if (entry.order <= (snapshot.failure?.afterOrder ?? 0)) afterSeq = timeline.length;
    yield;
  }
  packConnections(packer);
  const failure = failureOf(snapshot, about, packer, afterSeq);
  const pkg: ErrorPackage = {
    manifest: {
      deja: 'package/1',
      id,
      service: about.service,
      ...(about.release ? { release: about.release } : {}),
      time: new Date(Math.round(EPOCH + (snapshot.failure?.at ?? now()))).toISOString(),
      summary: failure && redactor.text(summaryOf(failure, snapshot)),
      counts: { events: timeline.length, requests: requests.length },
      limits: packer.limits,
      capture: { version: VERSION, mode: about.mode, notCaptured: notCapturedNotes(), sources: about.sources },
    },
    failure,
    context: {
      epoch: EPOCH, requests, process: about.process, application: about.application, listening: about.listening,
      ...(about.startMs === undefined ? {} : { startMs: rounded(about.startMs) }),
    },
    databases: packer.databases,
    servers: packer.servers,
    timeline,
    state: { values: redactor.data(Object.fromEntries(about.states)) },
    blobs: new Map(),
  };
  yield;
  // An application may keep its schema in a document, a part of which has a secret's name.
  redactor.spare(schemaNames(pkg));
  // Last, when all secrets have been seen: where nothing names them they are found by their value.
  return yield* fit(yield* sweepBlobs(redactor.sweep(pkg), packer.blobs, redactor));
}

/** One event that cannot be turned into data must not cost the package. */
function bodyOf(entry: Entry, packer: Packer): EventBody | null {
  try {
    return entry.live.toBody(packer);
  } catch (error) {
    packer.limit(`an event of kind ${entry.live.kind} could not be packaged: ${described(error).split('\n')[0] ?? ''}`);
    return null;
  }
}

function redactedBody(body: EventBody, redactor: Redactor): EventBody {
  if (body.kind !== 'http' || redactor.off) return body;
  const { outcome } = body;
  const headers = redactor.headers(body.headers);
  const url = redactor.url(body.url);
  if ('ok' in outcome) return { ...body, url, headers, outcome: { ok: { ...outcome.ok, headers: redactor.headers(outcome.ok.headers) } } };
  const partial = 'error' in outcome ? outcome.partial : outcome.pending.partial;
  const clean = partial?.headers ? { partial: { ...partial, headers: redactor.headers(partial.headers) } } : {};
  return { ...body, url, headers, outcome: 'error' in outcome ? { ...outcome, ...clean } : { pending: { ...outcome.pending, ...clean } } };
}

function scopeOf(entry: Entry, places: ReadonlyMap<unknown, number>): Scope {
  return entry.scope.in === 'request' ? { in: 'request', request: places.get(entry.scope) ?? 0 } : { in: entry.scope.in };
}

function ranksOf(entries: readonly Entry[]): ReadonlyMap<Entry, number> {
  const ended = entries.filter((entry) => entry.done !== undefined).toSorted((a, b) => (a.done ?? 0) - (b.done ?? 0));
  return new Map(ended.map((entry, index) => [entry, index + 1]));
}

function timesOf(entry: Entry, ranks: ReadonlyMap<Entry, number>): Pick<IoEvent, 'at' | 'ms' | 'done'> {
  const done = ranks.get(entry);
  return {
    at: rounded(entry.at),
    ...(entry.endedAt === undefined ? {} : { ms: rounded(entry.endedAt - entry.at) }),
    ...(done === undefined ? {} : { done }),
  };
}

function failureOf(snapshot: Snapshot, about: About, packer: Packer, afterSeq: number): Failure | null {
  const noted = snapshot.failure;
  if (noted === null) return null;
  const exchange = snapshot.requests[0]?.exchange;
  const response = exchange?.response.headersSent && exchange.response.statusCode >= 500 ? answered(exchange, packer) : undefined;
  const error: ErrorInfo | undefined = noted.thrown && packer.redactor.error(errorInfo(noted.thrown.value, { root: about.process.root }));
  return {
    origin: noted.origin,
    fatal: snapshot.fatal,
    ...(error ? { error } : {}),
    ...(response ? { response } : {}),
    ...(noted.refused ? { refused: noted.refused } : {}),
    afterSeq,
    at: rounded(noted.at),
  };
}

function summaryOf(failure: Failure, snapshot: Snapshot): string {
  const exchange = snapshot.requests[0]?.exchange;
  const { scope, message } = snapshot.requests[0] ?? {};
  const where = exchange ? `${exchange.request.method ?? 'GET'} ${originalTarget(exchange.request).split('?')[0] ?? '/'}` : (message && `message ${[message.destination, message.key].filter(Boolean).join(' ')}`) ?? scope?.name ?? 'outside of a request';
  const without = failure.refused ? `refused by ${failure.refused.how}` : `status ${failure.response?.status ?? 0}`;
  const what = failure.error ? `${failure.error.name}: ${failure.error.message.split('\n')[0] ?? ''}` : without;
  return `${what.slice(0, 200)} (${where})`;
}
