import type { Cell } from '@deja/format';
import { redactBytes } from '../shared/redact-bytes.js';

export type Redact = (name: string, value: string) => string;

export type Storage = 'integer' | 'real' | 'text' | 'blob' | 'null';

/** A value's storage class. Of a number it shows only where the column's declared type says real: 2.0 reaches JavaScript as 2. */
export function storageOf(value: unknown, declared: string | undefined): Storage {
  if (value === null || value === undefined) return 'null';
  if (value instanceof Uint8Array) return 'blob';
  if (typeof value === 'bigint') return 'integer';
  if (typeof value === 'number') return Number.isInteger(value) && !/real|floa|doub/i.test(declared ?? '') ? 'integer' : 'real';
  return 'text';
}

/** `type` is the storage class that the column goes by; a cell of another class says so. */
export function cellOf(value: unknown, storage: Storage, type: Storage, name: string, redact: Redact): Cell {
  switch (storage) {
    case 'null':
      return null;
    case 'blob':
      return value instanceof Uint8Array ? { base64: redactBytes(name, Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64'), redact) } : null;
    case 'integer':
    case 'real': {
      const text = String(value);
      return storage === type ? text : { storage, text };
    }
    case 'text': {
      const text = redact(name, typeof value === 'string' ? value : '');
      return type === 'text' ? text : { storage, text };
    }
  }
}

/** Parameters have no column: text is plain, numbers say what they are. Both drivers bind every JavaScript number as a real. */
export function parameterCell(value: unknown, name: string, redact: Redact): Cell {
  if (typeof value === 'boolean') return { storage: 'integer', text: value ? '1' : '0' };
  const storage = typeof value === 'number' ? 'real' : storageOf(value, undefined);
  return cellOf(value, storage, 'text', name, redact);
}

/** The value that a driver gives for a cell. */
export function valueOf(cell: Cell, type: string, bigints: boolean): unknown {
  if (cell === null) return null;
  if (typeof cell === 'string') return typed(cell, type, bigints);
  if ('base64' in cell) return new Uint8Array(Buffer.from(cell.base64, 'base64'));
  return typed(cell.text, cell.storage, bigints);
}

function typed(text: string, type: string, bigints: boolean): unknown {
  if (type === 'integer') return bigints ? BigInt(text) : Number(text);
  return type === 'real' ? Number(text) : text;
}
