import type { FileEvent, HttpEvent, HttpResponse, IoEvent, MessageAnswer, MessageEvent, ProcessEvent, RedisEvent, RedisReply, SocketEvent, SqlEvent, SqlResult } from '@deja/format';
import type { BrokerStubPlan, HttpStubPlan, RedisStubPlan, SqlProxyPlan, TcpStubPlan } from '@deja/stubs';
import type { PlannedTrigger, ReproductionPlan } from '../plan/plan.js';
import { sqliteAnswer } from '../plan/sqlite-answers.js';
import type { Candidate } from './candidates.js';
import { emptyMongodb } from './remove-mongodb.js';

/**
 * The same plan with one observed thing taken away: an exchange that failed succeeds with nothing in it, one that succeeded finds nothing, one that found nothing something empty.
 */
export function removeCause(plan: ReproductionPlan, candidate: Candidate): ReproductionPlan {
  switch (candidate.kind) {
    case 'sql':
      return withoutRows(plan, candidate.event);
    case 'http':
      return withStubs(plan, { http: plan.stubs.http.map((stub) => emptyHttp(stub, candidate.event)) });
    case 'redis':
      return withStubs(plan, { redis: plan.stubs.redis.map((stub) => emptyRedis(stub, candidate.event)) });
    case 'mongodb':
      return withStubs(plan, { mongodb: (plan.stubs.mongodb ?? []).map((stub) => emptyMongodb(stub, candidate.event)) });
    case 'message':
      return withStubs(plan, { brokers: (plan.stubs.brokers ?? []).map((stub) => emptyMessage(stub, candidate.event)) });
    case 'socket':
      return withStubs(plan, { tcp: (plan.stubs.tcp ?? []).map((stub) => silentTcp(stub, candidate.event)) });
    case 'process':
      return { ...plan, recording: { ...plan.recording, timeline: plan.recording.timeline.map((event) => (event.seq === candidate.event.seq ? silentProgram(candidate.event) : event)) } };
    case 'file':
      return { ...plan, recording: { ...plan.recording, timeline: plan.recording.timeline.map((event) => (event.kind === 'file' && event.path === candidate.event.path ? otherFile(event, candidate.event) : event)) } };
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
  if (event.headers.some(([name, value]) => name.toLowerCase() === 'content-type' && value.startsWith('application/grpc'))) return harmlessCall(event);
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

/** A call of gRPC: one empty message with the status OK, or NOT_FOUND. */
function harmlessCall({ outcome }: HttpEvent): HttpResponse {
  const answered = 'ok' in outcome ? outcome.ok : undefined;
  const status = [...(answered?.trailers ?? []), ...(answered?.headers ?? [])].find(([name]) => name.toLowerCase() === 'grpc-status')?.[1];
  const shared = { status: 200, httpVersion: '2.0', headers: [['content-type', 'application/grpc']] as const };
  if (status === '0') return { ...shared, headers: [...shared.headers, ['grpc-status', '5']] };
  return { ...shared, body: { base64: Buffer.alloc(5).toString('base64') }, trailers: [['grpc-status', '0']] };
}

function emptyRedis(stub: RedisStubPlan, event: RedisEvent): RedisStubPlan {
  if (event.push) return { ...stub, exchanges: stub.exchanges.filter(({ seq }) => seq !== event.seq) };
  // Where nothing was found, there is something with nothing in it.
  const nothing = 'ok' in event.outcome && 'null' in event.outcome.ok;
  const ok: RedisReply = nothing ? { bulk: '' } : { null: true };
  return { ...stub, exchanges: stub.exchanges.map((exchange) => (exchange.seq === event.seq ? { ...exchange, ms: 0, outcome: { ok } } : exchange)) };
}

/** Nobody knows what would be a harmless answer: the connection ends before anything is said. */
function silentTcp(stub: TcpStubPlan, event: SocketEvent): TcpStubPlan {
  const nothing = { bytesSent: 0, bytesReceived: 0, pieces: [], end: { by: 'server', how: 'fin', ms: 0 } } as const;
  return { ...stub, exchanges: stub.exchanges.map((exchange) => (exchange.seq === event.seq ? { ...exchange, ms: 0, outcome: { ok: nothing } } : exchange)) };
}

/** A program that does nothing, and that with success. */
function silentProgram(event: ProcessEvent): ProcessEvent {
  return { ...event, ms: 0, outcome: { ok: { code: 0, pieces: [] } } };
}

/** What was there is gone, and what could not be read is there, with nothing in it. */
function otherFile(event: FileEvent, { outcome }: FileEvent): FileEvent {
  const error = { message: 'no such file or directory', code: 'ENOENT' };
  return { ...event, outcome: 'ok' in outcome ? { error } : { ok: { type: 'file', size: 0, content: { text: '' } } } };
}

/** What failed succeeds; replies have nothing in them. */
function emptyMessage(stub: BrokerStubPlan, event: MessageEvent): BrokerStubPlan {
  const answered = 'ok' in event.outcome ? event.outcome.ok : undefined;
  const reply = { destination: '_INBOX.control', body: { text: '{}' } };
  const replies = answered?.replies?.map((one) => ({ ...one, body: { text: '{}' } })) ?? (event.operation === 'request' ? [reply] : []);
  const ok: MessageAnswer = { ...(answered?.fields ? { fields: answered.fields } : {}), ...(replies.length === 0 ? {} : { replies }) };
  return { ...stub, exchanges: stub.exchanges.map((exchange) => (exchange.seq === event.seq ? { ...exchange, ms: 0, outcome: { ok } } : exchange)) };
}

/** Another draw of the same kind: a number on the other side of its range, other digits. */
function otherDraw(event: IoEvent): IoEvent {
  // Another key would only be one that nothing was recorded about.
  if (event.kind !== 'random' || event.source === 'ObjectId' || !('ok' in event.outcome)) return event;
  const { value } = event.outcome.ok;
  const other = event.source === 'Math.random' ? String((Number(value) + 0.5) % 1) : value.replaceAll(/\d/g, (digit) => String(9 - Number(digit)));
  return { ...event, outcome: { ok: { value: other } } };
}

/** Without these no request is understood, whoever sends it. */
const TRANSPORT_HEADERS = /^(host|connection|user-agent|accept|accept-encoding)$/i;

function emptyInput(planned: PlannedTrigger): PlannedTrigger {
  if (planned.request !== 0 || planned.trigger.kind === 'start') return planned;
  const { trigger } = planned;
  if (trigger.kind === 'message') {
    const { body: _body, headers: _headers, batch: _batch, ...empty } = trigger;
    return { ...planned, trigger: { ...empty, body: { text: '{}' } } };
  }
  const headers = trigger.headers.filter(([name]) => TRANSPORT_HEADERS.test(name));
  const { body: _, ...rest } = trigger;
  return { ...planned, trigger: { ...rest, target: trigger.target.split('?')[0] ?? '/', headers } };
}
