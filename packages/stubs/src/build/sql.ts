import type { DatabaseInfo, IoError, SqlEvent } from '@deja/format';
import { fateOf } from '../fate.js';
import type { SqlAnswer, SqlExchange, SqlProxyPlan } from '../plan.js';
import { type Endpoint } from './endpoints.js';
import { exchangeOf } from './exchange.js';

/**
 * Errors that the engine does not give by itself when it is asked the same on the same rows: they come from load,
 * other sessions, operators or the machine. SQLSTATE classes and codes.
 */
const CIRCUMSTANCE = /^(?:08|53|57|58|XX|40001|40P01|25P03|25P04|55P03|F0)/;
/** These the engine must see whatever the certificate says: it could not follow the session otherwise. */
const SESSION_CONTROL = /^\s*(?:begin|start\s+transaction|commit|end|rollback|abort|savepoint|release|set|reset|discard|listen|unlisten)\b/i;
/** The pool or client gave up before a statement was sent: no server can repeat that. */
const NEVER_SENT = /when trying to connect|due to connection timeout|cannot use a pool after|client has encountered a connection error|client was closed/i;

export function sqlProxy(database: DatabaseInfo, endpoint: Endpoint, events: readonly SqlEvent[], opaque: ReadonlyMap<number, string>, epoch: number | undefined): SqlProxyPlan {
  const settings = { ...(database.version === undefined ? {} : { server_version: database.version }), ...database.settings };
  const statements = events.filter((event) => !('error' in event.outcome && NEVER_SENT.test(event.outcome.error.message))).map((event) => statement(event, opaque, epoch));
  const login = { ...(database.database === undefined ? {} : { database: database.database }), ...(database.user === undefined ? {} : { user: database.user }) };
  return { database: database.name, ...endpoint, login, settings, statements };
}

function statement(event: SqlEvent, opaque: ReadonlyMap<number, string>, epoch: number | undefined): SqlExchange {
  const { session, text, params = [] } = event;
  const shared = { ...exchangeOf(event, epoch), session, text, params };
  const own = ownAnswer(event, opaque.get(event.seq));
  return own ? { ...shared, how: 'verbatim', ...own } : { ...shared, how: 'pass' };
}

/** What the proxy answers by itself, and why; null where the engine can. */
function ownAnswer({ outcome, text }: SqlEvent, opaqueReason: string | undefined): { readonly answer: SqlAnswer; readonly reason: string } | null {
  if ('pending' in outcome) return { answer: { never: true }, reason: 'was not answered when the failure happened' };
  if ('error' in outcome) {
    const { error } = outcome;
    if (!isServerError(error)) return clientError(error);
    if (CIRCUMSTANCE.test(error.code ?? '')) return { answer: { error }, reason: `error ${error.code ?? ''} comes from circumstances that the rows do not show` };
    return opaqueReason === undefined ? null : { answer: { error }, reason: opaqueReason };
  }
  return opaqueReason === undefined || SESSION_CONTROL.test(text) ? null : { answer: { ok: outcome.ok }, reason: opaqueReason };
}

function isServerError(error: IoError): boolean {
  return error.code !== undefined && /^[0-9A-Z]{5}$/.test(error.code) && error.syscall === undefined && !/^E[A-Z]{4}$/.test(error.code);
}

function clientError(error: IoError): { readonly answer: SqlAnswer; readonly reason: string } {
  const fate = fateOf(error);
  if (fate === 'hold') return { answer: { never: true }, reason: `the client gave up: ${error.message}` };
  return { answer: { drop: fate === 'rst' ? 'rst' : 'fin' }, reason: `the connection was lost: ${error.message}` };
}
