import { WireError } from '../error.js';
import { mysqlDouble, mysqlFloat } from './numbers.js';
import { MysqlReader } from './reader.js';
import { MYSQL_TYPE } from './types.js';

/** A value that a client sent with a prepared statement, in the server's text form. */
export type MysqlValue = { readonly kind: 'text' | 'number'; readonly text: string } | { readonly kind: 'bytes'; readonly bytes: Buffer } | null;

/** Type and sign of each parameter, two bytes each; a client may leave them out when it executes again. */
export type MysqlParameterTypes = readonly number[];

const HEAD = 10;
const UNSIGNED = 0x8000;

/**
 * Parameters of a COM_STMT_EXECUTE of a statement with `count` of them. `known`: types as they were sent before; `long`: data that was sent ahead, by number.
 */
export function readMysqlParameters(payload: Buffer, count: number, known: MysqlParameterTypes | undefined, long: ReadonlyMap<number, Buffer> = new Map()): { readonly values: readonly MysqlValue[]; readonly types: MysqlParameterTypes } {
  if (count === 0) return { values: [], types: [] };
  const reader = new MysqlReader(payload, HEAD);
  const nulls = reader.take((count + 7) >> 3);
  const types = reader.uint8() === 1 ? Array.from({ length: count }, () => reader.uint16()) : known;
  if (!types) throw new WireError('MySQL', 'a statement is executed without types of its parameters');
  const values = types.map((type, index): MysqlValue => {
    if (((nulls[index >> 3] ?? 0) >> (index & 7)) & 1) return null;
    const ahead = long.get(index);
    return ahead ? valueOfBytes(type & 0xff, ahead) : readMysqlValue(reader, type & 0xff, (type & UNSIGNED) !== 0);
  });
  return { values, types };
}

function readMysqlValue(reader: MysqlReader, type: number, unsigned: boolean): MysqlValue {
  switch (type) {
    case MYSQL_TYPE.null:
      return null;
    case MYSQL_TYPE.tiny:
      return number(unsigned ? reader.uint8() : reader.take(1).readInt8(0));
    case MYSQL_TYPE.short:
    case MYSQL_TYPE.year:
      return number(unsigned ? reader.uint16() : reader.take(2).readInt16LE(0));
    case MYSQL_TYPE.long:
    case MYSQL_TYPE.int24:
      return number(unsigned ? reader.uint32() : reader.take(4).readInt32LE(0));
    case MYSQL_TYPE.longlong:
      return number(unsigned ? reader.take(8).readBigUInt64LE(0) : reader.take(8).readBigInt64LE(0));
    case MYSQL_TYPE.float:
      return { kind: 'number', text: mysqlFloat(reader.take(4).readFloatLE(0)) };
    case MYSQL_TYPE.double:
      return { kind: 'number', text: mysqlDouble(reader.take(8).readDoubleLE(0)) };
    case MYSQL_TYPE.date:
    case MYSQL_TYPE.datetime:
    case MYSQL_TYPE.timestamp:
      return { kind: 'text', text: moment(reader.take(reader.uint8()), type === MYSQL_TYPE.date) };
    case MYSQL_TYPE.time:
      return { kind: 'text', text: duration(reader.take(reader.uint8())) };
    default:
      return valueOfBytes(type, reader.bytes() ?? Buffer.alloc(0));
  }
}

function number(value: number | bigint): MysqlValue {
  return { kind: 'number', text: String(value) };
}

function valueOfBytes(type: number, bytes: Buffer): MysqlValue {
  const isBytes = (type >= 249 && type <= MYSQL_TYPE.blob) || type === MYSQL_TYPE.bit || type === MYSQL_TYPE.geometry;
  return isBytes ? { kind: 'bytes', bytes } : { kind: 'text', text: bytes.toString() };
}

function moment(bytes: Buffer, isDate: boolean): string {
  const at = (index: number): number => bytes[index] ?? 0;
  const day = `${pad(bytes.length >= 2 ? bytes.readUInt16LE(0) : 0, 4)}-${pad(at(2))}-${pad(at(3))}`;
  if (isDate && bytes.length <= 4) return day;
  return `${day} ${pad(at(4))}:${pad(at(5))}:${pad(at(6))}${fraction(bytes, 7)}`;
}

function duration(bytes: Buffer): string {
  if (bytes.length < 8) return '00:00:00';
  const hours = bytes.readUInt32LE(1) * 24 + (bytes[5] ?? 0);
  return `${bytes[0] === 1 ? '-' : ''}${pad(hours)}:${pad(bytes[6] ?? 0)}:${pad(bytes[7] ?? 0)}${fraction(bytes, 8)}`;
}

/** Microseconds without the zeros at the end: so drivers write them. */
function fraction(bytes: Buffer, at: number): string {
  const micros = bytes.length >= at + 4 ? bytes.readUInt32LE(at) : 0;
  return micros === 0 ? '' : `.${pad(micros, 6).replace(/0+$/, '')}`;
}

function pad(value: number, size = 2): string {
  return String(value).padStart(size, '0');
}
