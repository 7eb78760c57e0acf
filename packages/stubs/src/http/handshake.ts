import { fateOf, type HandshakeFailure, handshakeFailureOf } from '../fate.js';
import type { HttpExchange } from '../plan.js';

/** Connections fail before a request can be read: they all do, or none does. The plan's builder names mixed recordings as a limit. */
export function handshakeFailure(exchanges: readonly HttpExchange[]): HandshakeFailure | null {
  const [first] = exchanges;
  if (!first || !exchanges.every(failsHandshake) || !('error' in first.outcome)) return null;
  if (exchanges.every(knowsNoHttp2)) return { server: 'plain' };
  const known = handshakeFailureOf(first.outcome.error);
  if (known) return known;
  const fate = fateOf(first.outcome.error);
  return { server: fate === 'hold' || fate === 'fin' ? fate : 'rst' };
}

/** Also a connection of HTTP/2 that ended before its first request. */
export function failsHandshake(exchange: HttpExchange): boolean {
  const { outcome, method } = exchange;
  return 'error' in outcome && (method === 'PRI' || handshakeFailureOf(outcome.error) !== null || knowsNoHttp2(exchange));
}

/** What came back was no frame of HTTP/2: the server took the client's beginning for a bad request. */
function knowsNoHttp2({ outcome, protocol }: HttpExchange): boolean {
  return protocol === 'h2' && 'error' in outcome && outcome.error.code === 'ERR_HTTP2_ERROR' && outcome.partial?.status === undefined;
}
