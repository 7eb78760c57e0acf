import type { IoError, SocketEvent, SqlEvent } from '@deja/format';
import { closedPortOf, fateOf, handshakeFailureOf, resolverCodeOf } from '../fate.js';
import type { Refusal } from '../plan.js';
import { exchangeOf } from './exchange.js';

/** What pg says of a server that answered its question for TLS with no. */
const NO_TLS = /does not support SSL/i;

/** The server itself said no, by a SQLSTATE. */
export function isPostgresServerError(error: IoError): boolean {
  return error.code !== undefined && /^[0-9A-Z]{5}$/.test(error.code) && error.syscall === undefined && !/^E[A-Z]{4}$/.test(error.code);
}

/** The application asked for TLS, and the server did not have it. */
export function refusesTls(sockets: readonly SocketEvent[]): boolean {
  return sockets.some(({ outcome }) => 'error' in outcome && NO_TLS.test(outcome.error.message));
}

/**
 * Attempts to connect that came as far as the server and were refused there. The recorded connections before one were attempts as well: drivers connect when they have something to ask.
 */
export function postgresRefusals(sockets: readonly SocketEvent[], statements: readonly SqlEvent[], epoch: number | undefined): readonly Refusal[] {
  const failed = sockets.flatMap((event) => ('error' in event.outcome && isRefusal(event.outcome.error) ? [{ event, error: event.outcome.error }] : []));
  return failed.map(({ event, error }, index) => {
    const before = new Set(statements.filter(({ seq }) => seq < event.seq).map(({ session }) => session));
    const fate = fateOf(error);
    const drop = isPostgresServerError(error) ? undefined : fate === 'hold' || fate === 'rst' ? fate : 'fin';
    return { ...exchangeOf(event, epoch), attempt: before.size + index + 1, error, ...(drop && { drop }) };
  });
}

function isRefusal(error: IoError): boolean {
  return isPostgresServerError(error) || (closedPortOf(error) === null && resolverCodeOf(error) === null && handshakeFailureOf(error) === null && !NO_TLS.test(error.message));
}
