import type { DnsEvent, HttpEvent, IoEvent, RedisEvent, SqlEvent } from '@deja/format';
import { isUnreachable, resolverCodeOf } from '../fate.js';
import { generatedValues } from '../generated/find.js';
import type { DnsFailurePlan, RedisExchange, RedisStubPlan, SqlProxyPlan, StubPlan } from '../plan.js';
import { brokerStubs } from './brokers.js';
import { closedPorts, databaseEndpoint, type Endpoint, endpointKey, type StubSource, urlEndpoint } from './endpoints.js';
import { exchangeOf } from './exchange.js';
import { httpStubs } from './http.js';
import { mongodbStubs } from './mongodb.js';
import { redisKeys } from './redis-keys.js';
import { sqlProxy } from './sql.js';
import { tcpStubs, udpStubs } from './tcp.js';

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
  const generated = generatedValues(source);
  const redis = redisStubs(source, closed);
  const mongodb = mongodbStubs(source, of(source.timeline, 'mongodb'), closed);
  const sql = sqlProxies(source, closed, new Map(opaque.map(({ seq, reason }) => [seq, reason])));
  const brokers = brokerStubs(source, closed);
  const tcp = tcpStubs(of(source.timeline, 'socket'), {
    closed,
    taken: new Set([...http, ...redis, ...(mongodb.mongodb ?? []), ...sql, ...brokers].map(endpointKey)),
    epoch: source.context?.epoch,
    isOwn: (endpoint) => isOwn(endpoint, source),
    limit: (text) => limits.push(text),
  });
  const udp = udpStubs(of(source.timeline, 'socket'), source.context?.epoch);
  return {
    deja: 'stubs/1',
    http,
    redis,
    ...mongodb,
    sql,
    ...(brokers.length > 0 ? { brokers } : {}),
    ...(tcp.length > 0 ? { tcp } : {}),
    ...(udp.length > 0 ? { udp } : {}),
    ...(generated.length > 0 && { generated }),
    dns: failedNames(source.timeline),
    closed: [...closed.values()],
    blobs: blobsOf([http, tcp, udp, brokers], source.blobs),
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
    .filter((server) => server.kind === 'redis' && !closed.has(endpointKey(server)))
    .map(({ name, host, port, tls }) => {
      const exchanges = events.filter((event) => event.server === name).map((event) => redisExchange(event, source.context?.epoch));
      const keys = redisKeys(exchanges);
      return { name, host, port, tls: tls ?? false, ...(keys.length > 0 ? { keys } : {}), exchanges };
    });
}

/** A client that ran out of retries had sent the command again on every new connection: it breaks each time. */
function redisExchange(event: RedisEvent, epoch: number | undefined): RedisExchange {
  const { command, outcome, session, push } = event;
  const shared = exchangeOf(event, epoch);
  const retried = 'error' in outcome && /max retries per request/i.test(outcome.error.message);
  return { ...shared, repeat: shared.repeat || retried, command, ...(push ? { push } : {}), outcome, session };
}

function sqlProxies(source: StubSource, closed: ReadonlyMap<string, unknown>, opaque: ReadonlyMap<number, string>): readonly SqlProxyPlan[] {
  const events: SqlEvent[] = of(source.timeline, 'sql');
  return source.databases.flatMap((database) => {
    const endpoint = databaseEndpoint(database);
    if (!endpoint || closed.has(endpointKey(endpoint))) return [];
    const sockets = of(source.timeline, 'socket').filter((event) => endpointKey(event) === endpointKey(endpoint));
    return [sqlProxy(database, endpoint, { events: events.filter((event) => event.database === database.name), sockets, opaque, epoch: source.context?.epoch })];
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

/** Whatever has a body that is a blob, at any depth. */
function blobsOf(value: unknown, blobs: ReadonlyMap<string, Uint8Array>, used: Record<string, string> = {}): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null) return used;
  if ('blob' in value && typeof value.blob === 'string') {
    const bytes = blobs.get(value.blob);
    if (bytes) used[value.blob] ??= Buffer.from(bytes).toString('base64');
    return used;
  }
  for (const part of Object.values(value)) blobsOf(part, blobs, used);
  return used;
}
