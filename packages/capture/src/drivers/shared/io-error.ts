import type { IoError, IoPhase } from '@deja/format';
import { dialledInVain } from '../../errors/dialled.js';
import { field, textField } from './values.js';

/** Fields that `IoError` has by name, that say nothing about the exchange, or that would repeat its data. */
const KNOWN = new Set(['name', 'message', 'stack', 'code', 'errno', 'syscall', 'detail', 'length', 'cause', 'errors']);

export interface ErrorDetails {
  readonly phase?: IoPhase;
  /** Where the error has none of its own. */
  readonly code?: string;
  readonly bytes?: number;
}

/** What a driver's error says, with its own fields where they are plain values. */
export function ioErrorOf(error: unknown, redact: (name: string, value: string) => string, details: ErrorDetails = {}): IoError {
  const name = nameOf(error);
  const code = field(error, 'code');
  const errno = field(error, 'errno');
  const syscall = textField(error, 'syscall');
  const detail = textField(error, 'detail');
  const fields = plainFields(error, redact);
  return {
    ...(name === undefined ? {} : { name }),
    message: redact('message', messageOf(error)),
    ...(typeof code === 'string' || typeof code === 'number' ? { code: String(code) } : {}),
    ...(typeof errno === 'number' ? { errno } : {}),
    ...(syscall === undefined ? {} : { syscall }),
    ...dialledInVain(error),
    ...(detail === undefined ? {} : { detail: redact('detail', detail) }),
    ...details,
    ...(fields === undefined ? {} : { fields }),
  };
}

/** Many drivers give their classes names but their errors none. */
export function nameOf(error: unknown): string | undefined {
  const name = textField(error, 'name');
  return name === 'Error' ? (textField(field(error, 'constructor'), 'name') ?? name) : name;
}

function messageOf(error: unknown): string {
  const message = textField(error, 'message');
  if (message !== undefined && message !== '') return message;
  // A connection tried on several addresses: the reasons are in the members.
  const members = field(error, 'errors');
  if (Array.isArray(members)) return members.map((member) => textField(member, 'message') ?? '').join('; ');
  return typeof error === 'string' ? error : '';
}

function plainFields(error: unknown, redact: (name: string, value: string) => string): Readonly<Record<string, string>> | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const fields: Record<string, string> = {};
  for (const key of Object.keys(error)) {
    const value = field(error, key);
    if (KNOWN.has(key) || (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')) continue;
    fields[key] = redact(key, String(value));
  }
  return Object.keys(fields).length === 0 ? undefined : fields;
}

/** Where an attempt to connect struck. */
export function connectPhase(error: unknown): IoPhase {
  const code = textField(error, 'code') ?? '';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN' || code.startsWith('EDNS')) return 'dns';
  const text = `${code} ${textField(error, 'message') ?? ''}`;
  return /CERT|TLS|SSL|self.signed/i.test(text) ? 'tls' : 'connect';
}
