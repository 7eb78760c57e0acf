import type { SqlField } from '@deja/format';
import { PacketReader } from './reader.js';

/** A column as the server described it. */
export interface Column {
  readonly name: string;
  readonly table: string;
  readonly column: string;
  readonly type: number;
  readonly charset: number;
  readonly length: number;
  readonly flags: number;
  readonly decimals: number;
}

/** `extended`: MariaDB says more about each column, before the rest. */
export function readColumn(payload: Buffer, extended: boolean): Column {
  const reader = new PacketReader(payload);
  const [, , , table, name, column] = Array.from({ length: 6 }, () => (reader.bytes() ?? Buffer.alloc(0)).toString());
  if (extended) reader.bytes();
  reader.take(1);
  return { name: name ?? '', table: table ?? '', column: column ?? '', charset: reader.uint(2), length: reader.uint(4), type: reader.uint(1), flags: reader.uint(2), decimals: reader.uint(1) };
}

/** Names of types by the protocol's number. */
const NAMES: Readonly<Record<number, string>> = {
  0: 'decimal', 1: 'tinyint', 2: 'smallint', 3: 'int', 4: 'float', 5: 'double', 6: 'null', 7: 'timestamp', 8: 'bigint', 9: 'mediumint', 10: 'date', 11: 'time', 12: 'datetime', 13: 'year', 14: 'date',
  15: 'varchar', 16: 'bit', 245: 'json', 246: 'decimal', 247: 'enum', 248: 'set', 249: 'text', 250: 'text', 251: 'text', 252: 'text', 253: 'varchar', 254: 'char', 255: 'geometry',
};
const AS_BYTES: Readonly<Record<string, string>> = { text: 'blob', varchar: 'varbinary', char: 'binary' };
const BINARY_CHARSET = 63;
const UNSIGNED = 32;
const ENUM = 256;
const SET = 2048;
const CHAR = 254;

export function typeName({ type, flags, charset, length }: Column): string {
  const name = NAMES[type] ?? String(type);
  if (type === CHAR && (flags & ENUM) !== 0) return 'enum';
  if (type === CHAR && (flags & SET) !== 0) return 'set';
  if (charset === BINARY_CHARSET && AS_BYTES[name] !== undefined) return AS_BYTES[name];
  // Clients take this one for a truth value.
  const sized = name === 'tinyint' && length === 1 ? 'tinyint(1)' : name;
  return (flags & UNSIGNED) !== 0 && /int(\(1\))?$|^decimal$|^float$|^double$/.test(sized) ? `${sized} unsigned` : sized;
}

/** Cells of these types are bytes; of all others they are text. */
export function holdsBytes(type: string): boolean {
  return /^(blob|varbinary|binary|bit|geometry)$/.test(type);
}

export function fieldOf(column: Column): SqlField {
  return { name: column.name, type: typeName(column), ...(column.table !== '' && column.column !== '' ? { table: column.table, column: column.column } : {}) };
}
