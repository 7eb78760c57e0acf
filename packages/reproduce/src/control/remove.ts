import type { HttpEvent, HttpResponse, IoEvent, RedisEvent, SqlEvent, SqlResult } from '@deja/format';
import type { HttpStubPlan, RedisStubPlan, SqlProxyPlan } from '@deja/stubs';
import type { PlannedTrigger, ReproductionPlan } from '../plan/plan.js';
import { sqliteAnswer } from '../plan/sqlite-answers.js';
import type { Candidate } from './candidates.js';

/**
 * The same plan with one observed thing taken away: an exchange that failed succeeds with nothing in it, one that succeeded finds nothing.
 */
export function removeCause(plan: ReproductionPlan, candidate: Candidate): ReproductionPlan {
  switch (candidate.kind) {
    case 'sql':
      return withoutRows(plan, candidate.event);
    case 'http':
      return withStubs(plan, { http: plan.stubs.http.map((stub) => emptyHttp(stub, candidate.event)) });
    case 'redis':
      return withStubs(plan, { redis: plan.stubs.redis.map((stub) => emptyRedis(stub, candidate.event)) });
    case 'random':
      return { ...plan, recording: { ...plan.recording, timeline: plan.recording.timeline.map(otherDraw) } };
    case 'input':
      return { ...plan, triggers: plan.triggers.map(emptyInput) };
  }
}

function withStubs(plan: ReproductionPlan, stubs: Partial<ReproductionPlan['stubs']>): ReproductionPlan {
  return { ...plan, stubs: { ...plan.stubs, ...stubs } };
}

/** The statement is answered with no rows, by the proxy or, for an in-process database, by capture's replay mode. */
function withoutRows(plan: ReproductionPlan, event: SqlEvent): ReproductionPlan {
  const answered = 'ok' in event.outcome ? event.outcome.ok : null;
  const ok: SqlResult = { command: answered?.command ?? 'SELECT', rowCount: 0, fields: answered?.fields ?? [], rows: [] };
  const emptied: SqlEvent = { ...event, outcome: { ok } };
  if (!plan.stubs.sql.some(({ database }) => database === event.database)) {
    return { ...plan, sqlite: [...plan.sqlite.filter(({ seq }) => seq !== event.seq), ...sqliteAnswer(emptied)] };
  }
  return withStubs(plan, { sql: plan.stubs.sql.map((proxy) => (proxy.database === event.database ? withVerbatim(proxy, emptied, ok) : proxy)) });
}

function withVerbatim(proxy: SqlProxyPlan, { seq, session, text, params }: SqlEvent, ok: SqlResult): SqlProxyPlan {
  const statement = { seq, session, repeat: false, text, params: params ?? [], how: 'verbatim' as const, reason: 'taken away by the control run', answer: { ok } };
  return { ...proxy, statements: [...proxy.statements.filter((other) => other.seq !== seq), statement].toSorted((a, b) => a.seq - b.seq) };
}

function emptyHttp(stub: HttpStubPlan, event: HttpEvent): HttpStubPlan {
  const exchanges = stub.exchanges.map((exchange) => (exchange.seq === event.seq ? { ...exchange, ms: 0, outcome: { ok: harmlessResponse(event) } } : exchange));
  return { ...stub, exchanges };
}

/** Where the answer was at fault, an empty success; where it was a success, there is nothing to be found. */
function harmlessResponse(event: HttpEvent): HttpResponse {
  const wentWrong = !('ok' in event.outcome) || event.outcome.ok.status >= 400;
  const isS3 = event.service === 's3';
  const body = isS3 ? '<?xml version="1.0" encoding="UTF-8"?><Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>' : '{}';
  const empty = wentWrong && isS3 ? '' : body;
  const type = isS3 ? 'application/xml' : 'application/json';
  return {
    status: wentWrong ? 200 : 404,
    statusText: wentWrong ? 'OK' : 'Not Found',
    httpVersion: '1.1',
    headers: [['content-type', type], ['content-length', String(Buffer.byteLength(empty))]],
    body: { text: event.method === 'HEAD' ? '' : empty },
  };
}

function emptyRedis(stub: RedisStubPlan, event: RedisEvent): RedisStubPlan {
  const exchanges = stub.exchanges.map((exchange) => (exchange.seq === event.seq ? { ...exchange, ms: 0, outcome: { ok: { null: true } as const } } : exchange));
  return { ...stub, exchanges };
}

/** Another draw of the same kind: a number on the other side of its range, other digits. */
function otherDraw(event: IoEvent): IoEvent {
  if (event.kind !== 'random' || !('ok' in event.outcome)) return event;
  const { value } = event.outcome.ok;
  const other = event.source === 'Math.random' ? String((Number(value) + 0.5) % 1) : value.replaceAll(/\d/g, (digit) => String(9 - Number(digit)));
  return { ...event, outcome: { ok: { value: other } } };
}

/** Without these no request is understood, whoever sends it. */
const TRANSPORT_HEADERS = /^(host|connection|user-agent|accept|accept-encoding)$/i;

function emptyInput(planned: PlannedTrigger): PlannedTrigger {
  if (planned.request !== 0 || planned.trigger.kind !== 'http') return planned;
  const { trigger } = planned;
  const headers = trigger.headers.filter(([name]) => TRANSPORT_HEADERS.test(name));
  const { body: _, ...rest } = trigger;
  return { ...planned, trigger: { ...rest, target: trigger.target.split('?')[0] ?? '/', headers } };
}
