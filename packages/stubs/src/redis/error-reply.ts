import type { IoError, RedisReply } from '@deja/format';

const REPLY_ERROR_NAMES = new Set(['ReplyError', 'ErrorReply', 'SimpleError', 'BlobError', 'AbortError']);

/** The error reply behind a client's error, or null when the client made it up by itself (a time-out, a lost connection). */
export function errorReply(error: IoError): RedisReply | null {
  const looksLikeReply = /^-?[A-Z][A-Z0-9]+ \S/.test(error.message) && error.syscall === undefined && error.phase === undefined;
  const named = error.name !== undefined && REPLY_ERROR_NAMES.has(error.name) && error.name !== 'AbortError';
  return named || looksLikeReply ? { error: error.message.replace(/^-/, '') } : null;
}
