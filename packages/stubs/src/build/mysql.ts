import type { IoError, SocketEvent, SqlEvent } from '@deja/format';
import { fateOf } from '../fate.js';
import type { SqlAnswer, Refusal } from '../plan.js';
import { exchangeOf } from './exchange.js';

/**
 * Errors that the engine does not give by itself when it is asked the same on the same rows: limits, locks, other sessions, operators, the machine.
 * By number, as MySQL and MariaDB have them.
 */
const CIRCUMSTANCE: ReadonlySet<number> = new Set([
  1015, 1020, 1021, 1037, 1038, 1040, 1041, 1053, 1114, 1158, 1159, 1160, 1161, 1180, 1203, 1205, 1206, 1213, 1226, 1290, 1317, 1613, 1614, 1637, 1836, 1907, 1927, 1969, 3024, 3058, 3101, 3169, 3572, 4031,
]);
/** Numbers from here on are the client library's own. */
const CLIENT_ERRORS = 2000;
const SERVER_ERRORS = 3000;

/** What the proxy answers by itself where a statement failed, and why; null where the engine does. */
export function mysqlErrorAnswer(event: SqlEvent, opaqueReason: string | undefined): { readonly answer: SqlAnswer; readonly reason: string } | null {
  const { outcome } = event;
  if (!('error' in outcome)) return null;
  const { error, partial } = outcome;
  if (!isMysqlServerError(error)) {
    const fate = fateOf(error);
    if (fate === 'hold') return { answer: { never: true }, reason: `the client gave up: ${error.message}` };
    const after = partial?.fields && partial.fields.length > 0 ? { command: partial.command ?? '', rowCount: null, fields: partial.fields, rows: partial.rows ?? [] } : undefined;
    return { answer: { drop: fate === 'rst' ? 'rst' : 'fin', ...(after && { after }) }, reason: `the connection was lost: ${error.message}` };
  }
  if (CIRCUMSTANCE.has(error.errno ?? 0)) return { answer: { error }, reason: `error ${error.errno ?? ''} (${error.code ?? ''}) comes from circumstances that the rows do not show` };
  return opaqueReason === undefined ? null : { answer: { error }, reason: opaqueReason };
}

/** The server itself said no; numbers of the system are negative. */
export function isMysqlServerError({ errno = 0 }: IoError): boolean {
  return errno >= 1000 && (errno < CLIENT_ERRORS || errno >= SERVER_ERRORS);
}

/** Attempts to connect that the server refused. The recorded connections before one were attempts as well: drivers connect when they have something to ask. */
export function mysqlRefusals(sockets: readonly SocketEvent[], statements: readonly SqlEvent[], epoch: number | undefined): readonly Refusal[] {
  const failed = sockets.flatMap((event) => ('error' in event.outcome && isMysqlServerError(event.outcome.error) ? [{ event, error: event.outcome.error }] : []));
  return failed.map(({ event, error }, index) => {
    const before = new Set(statements.filter(({ seq }) => seq < event.seq).map(({ session }) => session));
    return { ...exchangeOf(event, epoch), attempt: before.size + index + 1, error };
  });
}
