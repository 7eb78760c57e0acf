import type { Body, DnsEvent, HttpEvent, IoEvent, RedisEvent, SqlEvent } from '@deja/format';
import { isUnreachable, resolverCodeOf } from '../fate.js';
import type { DnsFailurePlan, HttpExchange, RedisExchange, RedisStubPlan, SqlProxyPlan, StubPlan } from '../plan.js';
import { closedPorts, databaseEndpoint, type Endpoint, endpointKey, type StubSource, urlEndpoint } from './endpoints.js';
import { exchangeOf } from './exchange.js';
import { httpStubs } from './http.js';
import { sqlProxy } from './sql.js';

/** A statement that no rows can satisfy, by its event's number. */
export interface OpaqueAnswer {
  readonly seq: number;
  readonly reason: string;
}

/** What the stubs shall answer, from what was observed and nothing else. `opaque`: the statements a fixture plan cannot satisfy. */
export function buildStubPlan(source: StubSource, opaque: readonly OpaqueAnswer[] = []): StubPlan {
  const limits: string[] = [];
  const { closed, mixed } = closedPorts(source);
  for (const [key, seq] of mixed) limits.push(`event ${seq}: connecting to ${key} failed once and worked another time; here it works every time, and the connection is closed instead`);
  for (const event of source.timeline) {
    if ('error' in event.outcome && isUnreachable(event.outcome.error)) limits.push(`event ${event.seq}: ${event.outcome.error.code ?? ''} cannot be repeated on loopback; the connection is refused instead`);
  }

  const http = httpStubs(of(source.timeline, 'http'), {
    closed,
    epoch: source.context?.epoch,
    isOwn: (endpoint) => isOwn(endpoint, source),
    limit: (text) => limits.push(text),
  });
  return {
    deja: 'stubs/1',
    http,
    redis: redisStubs(source, closed),
    sql: sqlProxies(source, closed, new Map(opaque.map(({ seq, reason }) => [seq, reason])), limits),
    dns: failedNames(source.timeline),
    closed: [...closed.values()],
    blobs: blobsOf(http.flatMap((stub) => stub.exchanges), source.blobs),
    limits,
  };
}

function of<K extends IoEvent['kind']>(timeline: readonly IoEvent[], kind: K): Extract<IoEvent, { kind: K }>[] {
  return timeline.filter((event): event is Extract<IoEvent, { kind: K }> => event.kind === kind);
}

function redisStubs(source: StubSource, closed: ReadonlyMap<string, unknown>): readonly RedisStubPlan[] {
  const events: RedisEvent[] = of(source.timeline, 'redis');
  // Servers that were never asked anything are kept: the application may insist on a connection.
  return source.servers
    .filter((server) => !closed.has(endpointKey(server)))
    .map(({ name, host, port, tls }) => ({
      name,
      host,
      port,
      tls: tls ?? false,
      exchanges: events.filter((event) => event.server === name).map((event) => redisExchange(event, source.context?.epoch)),
    }));
}

/** A client that ran out of retries had sent the command again on every new connection: it breaks each time. */
function redisExchange(event: RedisEvent, epoch: number | undefined): RedisExchange {
  const { command, outcome, session } = event;
  const shared = exchangeOf(event, epoch);
  const retried = 'error' in outcome && /max retries per request/i.test(outcome.error.message);
  return { ...shared, repeat: shared.repeat || retried, command, outcome, session };
}

function sqlProxies(source: StubSource, closed: ReadonlyMap<string, unknown>, opaque: ReadonlyMap<number, string>, limits: string[]): readonly SqlProxyPlan[] {
  const events: SqlEvent[] = of(source.timeline, 'sql');
  return source.databases.flatMap((database) => {
    const endpoint = databaseEndpoint(database);
    if (!endpoint || closed.has(endpointKey(endpoint))) return [];
    if (database.engine !== 'postgres') {
      limits.push(`database ${database.name}: there is no proxy for ${database.engine}`);
      return [];
    }
    return [sqlProxy(database, endpoint, events.filter((event) => event.database === database.name), opaque, source.context?.epoch)];
  });
}

/** Names that did not resolve, whoever asked: the resolver itself, or a request that got no further. */
function failedNames(timeline: readonly IoEvent[]): readonly DnsFailurePlan[] {
  const names = new Map<string, DnsFailurePlan>();
  for (const event of timeline) {
    if (!('error' in event.outcome)) continue;
    const name = askedName(event);
    if (name === undefined) continue;
    const code = event.kind === 'dns' ? (event.outcome.error.code ?? 'ENOTFOUND') : resolverCodeOf(event.outcome.error);
    if (code !== null && !names.has(name)) names.set(name, { name, code, ...(event.ms === undefined ? {} : { ms: event.ms }) });
  }
  return [...names.values()];
}

function askedName(event: IoEvent): string | undefined {
  if (event.kind === 'dns') return (event satisfies DnsEvent).hostname;
  if (event.kind === 'socket') return event.host;
  return event.kind === 'http' ? urlEndpoint((event satisfies HttpEvent).url)?.host : undefined;
}

/** The application asked itself: it will listen there again. */
function isOwn(endpoint: Endpoint, source: StubSource): boolean {
  const local = /^(?:localhost|127\.\d+\.\d+\.\d+|::1|0\.0\.0\.0)$/.test(endpoint.host);
  return local && (source.context?.listening.some((listening) => listening.port === endpoint.port) ?? false);
}

function blobsOf(exchanges: readonly HttpExchange[], blobs: ReadonlyMap<string, Uint8Array>): Readonly<Record<string, string>> {
  const used: Record<string, string> = {};
  const keep = (body: Body | undefined): void => {
    if (!body || !('blob' in body)) return;
    const bytes = blobs.get(body.blob);
    if (bytes) used[body.blob] = Buffer.from(bytes).toString('base64');
  };
  for (const { body, outcome } of exchanges) {
    keep(body);
    if ('ok' in outcome) keep(outcome.ok.body);
    else keep('error' in outcome ? outcome.partial?.body : outcome.pending.partial?.body);
  }
  return used;
}
