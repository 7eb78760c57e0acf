import type { IoError } from '@deja/format';
import type { CertificateFlaw } from './authority/authority.js';

/**
 * How an exchange ended that got no (whole) answer. `hold`: the client gave up, so no answer ever comes; `fin` and `rst`: the server
 * closed or reset; `unknown`: nothing a server does is known to give this error.
 */
export type Fate = 'hold' | 'fin' | 'rst' | 'unknown';

const GAVE_UP_CODES = new Set(['ETIMEDOUT', 'ESOCKETTIMEDOUT', 'ECONNABORTED', 'ERR_CANCELED', 'ABORT_ERR', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'UND_ERR_ABORTED']);
const GAVE_UP_NAMES = new Set(['AbortError', 'TimeoutError', 'ConnectionTimeoutError', 'CommandTimeoutError', 'SocketTimeoutError']);
const GAVE_UP = /\btim(?:ed|e)[ -]?out\b|\baborted due to timeout\b|operation was aborted/i;
const CLOSED_CODES = new Set(['UND_ERR_SOCKET', 'ERR_STREAM_PREMATURE_CLOSE', 'NR_CLOSED']);
const CLOSED = /socket hang up|other side closed|\baborted\b|\bterminated\b|connection is closed|connection closed|closed unexpectedly|connection ended|connection lost|max retries per request/i;

export function fateOf(error: IoError): Fate {
  // Capture saw that the application's own limit or signal ended it, whatever the error then says.
  if (error.fields?.['aborted'] === 'client') return 'hold';
  if ((error.code !== undefined && GAVE_UP_CODES.has(error.code)) || (error.name !== undefined && GAVE_UP_NAMES.has(error.name)) || GAVE_UP.test(error.message)) return 'hold';
  // Node says `socket hang up` with the code of a reset when the server closed in order.
  if (CLOSED.test(error.message)) return 'fin';
  if (error.code === 'ECONNRESET' || error.code === 'EPIPE' || /ECONNRESET|EPIPE/.test(error.message)) return 'rst';
  if (error.code !== undefined && CLOSED_CODES.has(error.code)) return 'fin';
  return 'unknown';
}

/** The connection could not be made at all. */
export function closedPortOf(error: IoError): 'refused' | 'silent' | null {
  if (error.code === 'ECONNREFUSED' || /ECONNREFUSED/.test(error.message)) return 'refused';
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

/** The handshake failed: by a certificate that can be made again, or by a reset. */
export function handshakeFailureOf(error: IoError): CertificateFlaw | 'reset' | 'hold' | null {
  const flaw = error.code === undefined ? undefined : FLAWS[error.code];
  if (flaw) return flaw;
  if (error.phase !== 'tls' && error.code !== 'EPROTO' && !/before secure TLS connection/.test(error.message)) return null;
  return fateOf(error) === 'hold' ? 'hold' : 'reset';
}
