import type { IoError } from '@deja/format';
import type { RespValue } from '@deja/wire';

const REPLY_ERROR_NAMES = new Set(['ReplyError', 'ErrorReply', 'SimpleError', 'BlobError', 'AbortError']);

/** The error reply behind a client's error, or null when the client made it up by itself (a time-out, a lost connection). */
export function errorReply(error: IoError): RespValue | null {
  if (error.name === 'BlobError') return { blobError: error.message };
  const looksLikeReply = /^-?[A-Z][A-Z0-9]+ \S/.test(error.message) && error.syscall === undefined && error.phase === undefined;
  const named = error.name !== undefined && REPLY_ERROR_NAMES.has(error.name) && error.name !== 'AbortError';
  return named || looksLikeReply ? { error: error.message.replace(/^-/, '') } : null;
}

/** The byte at which the client's parser stopped, where a type of reply should have been. */
export function strayByte(error: IoError): string | null {
  const quoted = /^Protocol error, got (".+?") as reply type byte/.exec(error.message)?.[1];
  if (quoted === undefined) return null;
  try {
    return String(JSON.parse(quoted));
  } catch {
    return null;
  }
}
