import type { DatabaseInfo, ErrorPackage, IoEvent, ServerInfo } from '@deja/format';
import { closedPortOf } from '../fate.js';
import type { ClosedPortPlan } from '../plan.js';

/** Where an exchange went. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

export type StubSource = Pick<ErrorPackage, 'timeline' | 'databases' | 'servers' | 'blobs'> & Partial<Pick<ErrorPackage, 'context'>>;

const POSTGRES_PORT = 5432;
const MYSQL_PORT = 3306;

/** Null for events that go nowhere over the network, or whose server is not described. */
export function endpointOf(event: IoEvent, source: StubSource): Endpoint | null {
  switch (event.kind) {
    case 'http':
      return urlEndpoint(event.url);
    case 'redis':
    case 'mongodb':
    case 'message':
      return serverEndpoint(source.servers.find((server) => server.name === event.server));
    case 'sql':
      return databaseEndpoint(source.databases.find((database) => database.name === event.database));
    case 'socket':
      // Of UDP nobody connects.
      return event.transport === 'udp' ? null : { host: event.host, port: event.port, tls: false };
    case 'dns':
    case 'process':
    case 'file':
    case 'state':
    case 'random':
      return null;
  }
}

export function urlEndpoint(text: string): Endpoint | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  const tls = url.protocol === 'https:';
  const port = url.port === '' ? (tls ? 443 : 80) : Number(url.port);
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port, tls };
}

export function databaseEndpoint(database: DatabaseInfo | undefined): Endpoint | null {
  if (!database || database.engine === 'sqlite') return null;
  return { host: database.host ?? 'localhost', port: database.port ?? (database.engine === 'postgres' ? POSTGRES_PORT : MYSQL_PORT), tls: database.tls ?? false };
}

function serverEndpoint(server: ServerInfo | undefined): Endpoint | null {
  return server ? { host: server.host, port: server.port, tls: server.tls ?? false } : null;
}

export function endpointKey(endpoint: Pick<Endpoint, 'host' | 'port'>): string {
  return `${endpoint.host.toLowerCase()}:${endpoint.port}`;
}

/** The ports at which connecting failed and nothing was ever answered; those where both happened are `mixed`. */
export function closedPorts(source: StubSource): { readonly closed: ReadonlyMap<string, ClosedPortPlan>; readonly mixed: ReadonlyMap<string, number> } {
  const failed = new Map<string, ClosedPortPlan & { readonly seq: number }>();
  const hanging = new Map<string, ClosedPortPlan>();
  const answered = new Set<string>();
  for (const event of source.timeline) {
    const endpoint = endpointOf(event, source);
    if (!endpoint) continue;
    const key = endpointKey(endpoint);
    const how = failedAttempt(event);
    // What was said shows that somebody answered the attempt.
    if (event.kind === 'socket' && 'error' in event.outcome && event.outcome.partial?.pieces) {
      answered.add(key);
      continue;
    }
    if (how && !failed.has(key)) failed.set(key, { host: endpoint.host, port: endpoint.port, how, seq: event.seq });
    // An attempt that was still going on says nothing where others came through.
    if ('pending' in event.outcome && event.kind === 'socket' && event.outcome.pending.partial?.pieces) answered.add(key);
    else if ('pending' in event.outcome && event.kind === 'socket') hanging.set(key, { host: endpoint.host, port: endpoint.port, how: 'silent' });
    if ('ok' in event.outcome) answered.add(key);
  }
  const closed = new Map<string, ClosedPortPlan>();
  const mixed = new Map<string, number>();
  for (const [key, { seq, ...port }] of failed) {
    if (answered.has(key)) mixed.set(key, seq);
    else closed.set(key, port);
  }
  for (const [key, port] of hanging) if (!answered.has(key) && !closed.has(key)) closed.set(key, port);
  return { closed, mixed };
}

function failedAttempt(event: IoEvent): 'refused' | 'silent' | null {
  if (!('error' in event.outcome)) return null;
  const how = closedPortOf(event.outcome.error);
  // A command that timed out before it was sent waited for a connection; what became of that one says its own event.
  return event.kind === 'redis' && how === 'silent' ? null : how;
}
