import type { IoError } from '@deja/format';
import type { CertificateFlaw } from './authority/authority.js';

/**
 * How an exchange ended that got no (whole) answer. `hold`: the client gave up, so no answer ever comes; `fin` and `rst`: the server
 * closed or reset; `garbled`: what it sent is no HTTP; `overflow`: its head had no end; `unknown`: nothing a server does is known to give this error.
 */
export type Fate = 'hold' | 'fin' | 'rst' | 'garbled' | 'overflow' | 'unknown';

const GAVE_UP_CODES = new Set(['ETIMEDOUT', 'ESOCKETTIMEDOUT', 'ECONNABORTED', 'ERR_CANCELED', 'ABORT_ERR', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'UND_ERR_ABORTED']);
const GAVE_UP_NAMES = new Set(['AbortError', 'TimeoutError', 'ConnectionTimeoutError', 'CommandTimeoutError', 'SocketTimeoutError']);
const GAVE_UP = /\btim(?:ed|e)[ -]?out\b|\baborted due to timeout\b|operation was aborted/i;
const ABORTED_BY_CLOSE = /^Command aborted due to connection close$/;
const CLOSED_CODES = new Set(['UND_ERR_SOCKET', 'ERR_STREAM_PREMATURE_CLOSE', 'NR_CLOSED']);
const CLOSED = /socket hang up|other side closed|\baborted\b|\bterminated\b|connection is closed|connection closed|closed unexpectedly|connection ended|connection lost|max retries per request/i;

export function fateOf(error: IoError): Fate {
  // Capture saw that the application's own limit or signal ended it, whatever the error then says.
  if (error.fields?.['aborted'] === 'client') return 'hold';
  // ioredis, of what was still to be answered in a pipeline.
  if (ABORTED_BY_CLOSE.test(error.message)) return 'fin';
  if ((error.code !== undefined && GAVE_UP_CODES.has(error.code)) || (error.name !== undefined && GAVE_UP_NAMES.has(error.name)) || GAVE_UP.test(error.message)) return 'hold';
  if (error.code === 'HPE_HEADER_OVERFLOW' || error.code === 'UND_ERR_HEADERS_OVERFLOW') return 'overflow';
  if (error.code?.startsWith('HPE_') === true || error.name === 'HTTPParserError') return 'garbled';
  // Node says `socket hang up` with the code of a reset when the server closed in order.
  if (CLOSED.test(error.message)) return 'fin';
  if (error.code === 'ECONNRESET' || error.code === 'EPIPE' || /ECONNRESET|EPIPE/.test(error.message)) return 'rst';
  if (error.code !== undefined && CLOSED_CODES.has(error.code)) return 'fin';
  return 'unknown';
}

/** The code with which the server reset the exchange's stream of HTTP/2, and nothing else of the connection. */
export function streamResetOf(error: IoError): number | null {
  const { aborted, rst } = error.fields ?? {};
  return aborted === undefined && rst !== undefined ? Number(rst) : null;
}

/** The connection could not be made at all. */
export function closedPortOf(error: IoError): 'refused' | 'silent' | null {
  // Clients of NATS have words of their own for it.
  if (error.code === 'ECONNREFUSED' || /ECONNREFUSED|CONNECTION_REFUSED|^connection refused$/.test(error.message)) return 'refused';
  if (isUnreachable(error)) return 'refused';
  if (error.code === 'UND_ERR_CONNECT_TIMEOUT') return 'silent';
  if (error.phase !== 'connect' && error.syscall !== 'connect') return null;
  return fateOf(error) === 'hold' ? 'silent' : null;
}

/** No route led there. Loopback always has one: the nearest that can be given is a refusal. */
export function isUnreachable(error: IoError): boolean {
  return error.code === 'EHOSTUNREACH' || error.code === 'ENETUNREACH';
}

/** A host name could not be resolved: the resolver's code. */
export function resolverCodeOf(error: IoError): string | null {
  if (error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN') return error.code;
  if (error.phase !== 'dns' && error.syscall !== 'getaddrinfo') return null;
  return error.code ?? 'ENOTFOUND';
}

const FLAWS: Readonly<Record<string, CertificateFlaw>> = {
  CERT_HAS_EXPIRED: 'expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'other-name',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'self-signed',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'unknown-issuer',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'unknown-issuer',
  SELF_SIGNED_CERT_IN_CHAIN: 'unknown-issuer',
};

/** How a handshake failed: by a certificate, by what the server did in its place (`plain`: it spoke without encryption), or by an alert of this number. */
export type HandshakeFailure = { readonly flaw: CertificateFlaw } | { readonly server: 'fin' | 'rst' | 'hold' | 'plain' } | { readonly alert: number };

export function handshakeFailureOf(error: IoError): HandshakeFailure | null {
  const flaw = error.code === undefined ? undefined : FLAWS[error.code];
  if (flaw) return { flaw };
  const alert = /\balert number (\d+)/i.exec(error.message)?.[1];
  if (alert !== undefined) return { alert: Number(alert) };
  if (/wrong version number|packet length too long|http request/i.test(error.message)) return { server: 'plain' };
  if (/before secure TLS connection/.test(error.message)) return { server: 'fin' };
  if (error.phase !== 'tls' && error.code !== 'EPROTO') return null;
  const fate = fateOf(error);
  return { server: fate === 'hold' || fate === 'fin' ? fate : 'rst' };
}
