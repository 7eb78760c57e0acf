import type { DatabaseInfo, IoError, SocketEvent, SqlEvent } from '@deja/format';
import { fateOf } from '../fate.js';
import type { SqlAnswer, SqlExchange, SqlProxyPlan } from '../plan.js';
import { type Endpoint } from './endpoints.js';
import { exchangeOf } from './exchange.js';
import { mysqlErrorAnswer, mysqlRefusals } from './mysql.js';
import { isPostgresServerError, postgresRefusals, refusesTls } from './postgres.js';

/**
 * Errors that the engine does not give by itself when it is asked the same on the same rows: they come from load,
 * other sessions, operators or the machine. SQLSTATE classes and codes.
 */
const CIRCUMSTANCE = /^(?:08|53|57|58|XX|40001|40P01|25P03|25P04|55P03|F0)/;
/** These the engine must see whatever the certificate says: it could not follow the session otherwise. */
const SESSION_CONTROL = /^\s*(?:begin|start\s+transaction|commit|end|rollback|abort|savepoint|release|set|reset|discard|listen|unlisten|use)\b/i;
/** The pool or client gave up before a statement was sent: no server can repeat that. */
const NEVER_SENT = /when trying to connect|due to connection timeout|cannot use a pool after|client has encountered a connection error|client was closed|connection is in closed state/i;

export interface ProxySource {
  readonly events: readonly SqlEvent[];
  /** Attempts to connect to the same server. */
  readonly sockets: readonly SocketEvent[];
  /** By event's number: why no rows can satisfy it. */
  readonly opaque: ReadonlyMap<number, string>;
  readonly epoch: number | undefined;
}

export function sqlProxy(database: DatabaseInfo, endpoint: Endpoint, { events, sockets, opaque, epoch }: ProxySource): SqlProxyPlan {
  const settings = { ...(database.version === undefined ? {} : { server_version: database.version }), ...database.settings };
  const statements = events.filter((event) => wasSent(event, database.engine)).map((event) => statement(event, database.engine, opaque, epoch));
  const login = { ...(database.database === undefined ? {} : { database: database.database }), ...(database.user === undefined ? {} : { user: database.user }) };
  const mysql = database.engine === 'mysql' || database.engine === 'mariadb' ? database.engine : null;
  const refusals = (mysql ? mysqlRefusals : postgresRefusals)(sockets, events, epoch);
  const plan = { database: database.name, ...endpoint, login, settings, statements, ...(refusals.length > 0 && { refusals }) };
  return mysql ? { engine: mysql, ...plan } : { ...plan, tls: endpoint.tls && !refusesTls(sockets) };
}

function wasSent({ outcome }: SqlEvent, engine: DatabaseInfo['engine']): boolean {
  if (!('error' in outcome)) return true;
  // Of MySQL it is known: what waits for a connection that the server refuses fails with the same error.
  return !(engine !== 'postgres' && outcome.error.phase === 'send') && !NEVER_SENT.test(outcome.error.message);
}

function statement(event: SqlEvent, engine: DatabaseInfo['engine'], opaque: ReadonlyMap<number, string>, epoch: number | undefined): SqlExchange {
  const { session, text, params = [] } = event;
  const shared = { ...exchangeOf(event, epoch), session, text, params };
  const own = ownAnswer(event, engine, opaque.get(event.seq));
  return own ? { ...shared, how: 'verbatim', ...own } : { ...shared, how: 'pass' };
}

/** What the proxy answers by itself, and why; null where the engine can. */
function ownAnswer(event: SqlEvent, engine: DatabaseInfo['engine'], opaqueReason: string | undefined): { readonly answer: SqlAnswer; readonly reason: string } | null {
  const { outcome, text } = event;
  if ('pending' in outcome) return { answer: { never: true }, reason: 'was not answered when the failure happened' };
  if ('error' in outcome) {
    if (engine === 'mysql' || engine === 'mariadb') return mysqlErrorAnswer(event, opaqueReason);
    const { error } = outcome;
    if (!isPostgresServerError(error)) return clientError(error);
    if (CIRCUMSTANCE.test(error.code ?? '')) return { answer: { error }, reason: `error ${error.code ?? ''} comes from circumstances that the rows do not show` };
    return opaqueReason === undefined ? null : { answer: { error }, reason: opaqueReason };
  }
  return opaqueReason === undefined || SESSION_CONTROL.test(text) ? null : { answer: { ok: outcome.ok }, reason: opaqueReason };
}

function clientError(error: IoError): { readonly answer: SqlAnswer; readonly reason: string } {
  const fate = fateOf(error);
  if (fate === 'hold') return { answer: { never: true }, reason: `the client gave up: ${error.message}` };
  return { answer: { drop: fate === 'rst' ? 'rst' : 'fin' }, reason: `the connection was lost: ${error.message}` };
}
