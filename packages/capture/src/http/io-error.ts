import type { IoError, IoPhase } from '@deja/format';
import { dialledInVain } from '../errors/dialled.js';

interface SystemError extends Error {
  readonly code?: unknown;
  readonly errno?: unknown;
  readonly syscall?: unknown;
}

/** What is known when an exchange breaks, for telling in which phase it was. */
export interface Progress {
  readonly tls: boolean;
  readonly connected: boolean;
  readonly secured: boolean;
  readonly sent: boolean;
  readonly responded: boolean;
}

export function phaseOf(error: unknown, progress: Progress): IoPhase {
  const { syscall, code } = (error ?? {}) as SystemError;
  if (syscall === 'getaddrinfo' || syscall === 'queryA') return 'dns';
  if (syscall === 'connect' || code === 'UND_ERR_CONNECT_TIMEOUT') return 'connect';
  if (progress.responded) return 'receive';
  if (progress.tls && isOfTls(error, code)) return 'tls';
  // Whoever reads has a connection, also where the client has not told of it.
  if (!progress.connected) return progress.tls && syscall === 'read' ? 'tls' : 'connect';
  if (progress.tls && !progress.secured) return 'tls';
  return progress.sent ? 'wait' : 'send';
}

function isOfTls(error: unknown, code: unknown): boolean {
  if (typeof code === 'string' && /CERT|ERR_TLS|ERR_SSL|UNABLE_TO|SELF_SIGNED/.test(code)) return true;
  // Node's words for a connection that ends in the handshake; the code is that of any reset.
  return error instanceof Error && error.message.includes('before secure TLS connection');
}

/** An error of the network or of a client, as data. */
export function ioErrorOf(error: unknown, phase: IoPhase): IoError {
  if (!(error instanceof Error)) return { message: String(error), phase };
  // Several addresses were tried: what the first one failed with stands for all.
  const source: unknown = error instanceof AggregateError && error.errors[0] instanceof Error ? error.errors[0] : error;
  const { code, errno, syscall } = source as SystemError;
  return {
    name: error.name,
    message: error.message || (source as Error).message,
    ...(typeof code === 'string' ? { code } : {}),
    ...(typeof errno === 'number' ? { errno } : {}),
    ...(typeof syscall === 'string' ? { syscall } : {}),
    ...dialledInVain(error),
    phase,
  };
}
