import type { IoError } from '@deja/format';

/** `Connection closed: 320 (CONNECTION-FORCED) with message "CONNECTION_FORCED - broker forced connection closure"`, as clients tell of it. */
const TOLD = /\b(\d{3}) \([A-Z-]+\)(?: with message "(.*)")?/s;

/** The number with which the broker closed a channel or connection; null when it did not say one. */
export function replyCodeOf({ code, message }: IoError): number | null {
  const text = /^\d{3}$/.test(code ?? '') ? code : TOLD.exec(message)?.[1];
  return text === undefined ? null : Number(text);
}

/** The reason beside it. */
export function replyTextOf({ message }: IoError): string {
  return TOLD.exec(message)?.[2] ?? message;
}
