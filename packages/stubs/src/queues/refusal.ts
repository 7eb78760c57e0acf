import type { IoError } from '@deja/format';

/** How a broker kept a client from coming in: it said why, or it ended the connection (in order, or by a reset). Null: it was not the broker. */
export function refusalOf({ code, message, name }: IoError): 'said' | 'fin' | 'rst' | null {
  if (code === 'ECONNRESET' || code === 'EPIPE' || /ECONNRESET|EPIPE/.test(message)) return 'rst';
  // Errors of the system: nobody was there, or the name did not resolve.
  if (/^E[A-Z_]+$/.test(code ?? '') || /ECONNREFUSED|ENOTFOUND|ETIMEDOUT/.test(message)) return null;
  if (/authori[sz]ation|authentication|maximum|access.refused|not.allowed|SASL|got <ConnectionClose|\b(?:403|530)\b/i.test(`${name ?? ''} ${code ?? ''} ${message}`)) return 'said';
  return /closed abruptly|closed connection|connection closed|closed unexpectedly|CONNECTION_CLOSED/i.test(`${name ?? ''} ${code ?? ''} ${message}`) ? 'fin' : null;
}
