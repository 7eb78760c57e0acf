import { MYSQL_TYPE } from './types.js';

/** A column of an answer that is not the engine's. */
export interface MysqlColumn {
  readonly name: string;
  readonly schema: string;
  /** Where it comes from; '' for computed ones. */
  readonly table: string;
  readonly column: string;
  readonly type: number;
  readonly charset: number;
  readonly length: number;
  readonly flags: number;
  readonly decimals: number;
}

export interface MysqlOk {
  readonly affectedRows: number;
  readonly insertId: bigint;
  readonly status: number;
  readonly info: string;
}

/** `trackedInfo`: the text has its length before it, as between those that track sessions. */
export function mysqlOk({ affectedRows, insertId, status, info }: MysqlOk, trackedInfo: boolean): Buffer {
  const text = Buffer.from(info);
  return Buffer.concat([Buffer.from([0]), mysqlInteger(BigInt(affectedRows)), mysqlInteger(insertId), uint16(status), uint16(0), trackedInfo && text.length > 0 ? mysqlBytes(text) : text]);
}

/** Without a state (before the handshake) the text follows the number at once. */
export function mysqlError(errno: number, state: string | undefined, message: string): Buffer {
  return Buffer.concat([Buffer.from([0xff]), uint16(errno), ...(state === undefined ? [] : [Buffer.from(`#${state.padEnd(5, '0').slice(0, 5)}`)]), Buffer.from(message)]);
}

/** The end of columns or rows. `asOk`: where EOF is no longer spoken. */
export function mysqlEnd(status: number, asOk: boolean): Buffer {
  return asOk ? Buffer.concat([Buffer.from([0xfe, 0, 0]), uint16(status), uint16(0)]) : Buffer.concat([Buffer.from([0xfe]), uint16(0), uint16(status)]);
}

/** `extended`: room for MariaDB's further words about a column, of which there are none. */
export function mysqlColumn({ name, schema, table, column, type, charset, length, flags, decimals }: MysqlColumn, extended: boolean): Buffer {
  const texts = ['def', schema, table, table, name, column].map((text) => mysqlBytes(Buffer.from(text)));
  const fixed = Buffer.alloc(13);
  fixed.writeUInt8(12, 0);
  fixed.writeUInt16LE(charset, 1);
  fixed.writeUInt32LE(length, 3);
  fixed.writeUInt8(type, 7);
  fixed.writeUInt16LE(flags, 8);
  fixed.writeUInt8(decimals, 10);
  return Buffer.concat([...texts, ...(extended ? [Buffer.from([0])] : []), fixed]);
}

export function mysqlTextRow(cells: readonly (Buffer | null)[]): Buffer {
  return Buffer.concat(cells.map((cell) => (cell === null ? Buffer.from([0xfb]) : mysqlBytes(cell))));
}

/** Cells in the server's text form, as the binary protocol sends values of these types. */
export function mysqlBinaryRow(cells: readonly (Buffer | null)[], types: readonly number[]): Buffer {
  const nulls = Buffer.alloc((cells.length + 9) >> 3);
  for (const [index, cell] of cells.entries()) if (cell === null) nulls[(index + 2) >> 3] = (nulls[(index + 2) >> 3] ?? 0) | (1 << ((index + 2) & 7));
  return Buffer.concat([Buffer.from([0]), nulls, ...cells.flatMap((cell, index) => (cell === null ? [] : [binaryCell(cell, types[index] ?? MYSQL_TYPE.varString)]))]);
}

/** The first packet of an answer to COM_STMT_PREPARE. */
export function mysqlPrepared(statement: number, columns: number, parameters: number): Buffer {
  const id = Buffer.alloc(4);
  id.writeUInt32LE(statement);
  return Buffer.concat([Buffer.from([0]), id, uint16(columns), uint16(parameters), Buffer.from([0]), uint16(0)]);
}

export function mysqlInteger(value: bigint): Buffer {
  if (value < 0xfbn) return Buffer.from([Number(value)]);
  if (value <= 0xffffn) return Buffer.concat([Buffer.from([0xfc]), uint16(Number(value))]);
  const long = Buffer.alloc(8);
  long.writeBigUInt64LE(BigInt.asUintN(64, value));
  return value <= 0xffffffn ? Buffer.concat([Buffer.from([0xfd]), long.subarray(0, 3)]) : Buffer.concat([Buffer.from([0xfe]), long]);
}

export function mysqlBytes(bytes: Buffer): Buffer {
  return Buffer.concat([mysqlInteger(BigInt(bytes.length)), bytes]);
}

/** A column of text, as parameters and columns of unknown type are described. */
export function mysqlTextColumn(name: string): MysqlColumn {
  return { name, schema: '', table: '', column: '', type: MYSQL_TYPE.varString, charset: 45, length: 1020, flags: 0, decimals: 0 };
}

function binaryCell(cell: Buffer, type: number): Buffer {
  const integer = (size: 1 | 2 | 4 | 8): Buffer => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(cell.toString())));
    return bytes.subarray(0, size);
  };
  switch (type) {
    case MYSQL_TYPE.tiny:
      return integer(1);
    case MYSQL_TYPE.short:
    case MYSQL_TYPE.year:
      return integer(2);
    case MYSQL_TYPE.long:
    case MYSQL_TYPE.int24:
      return integer(4);
    case MYSQL_TYPE.longlong:
      return integer(8);
    case MYSQL_TYPE.float: {
      const bytes = Buffer.alloc(4);
      bytes.writeFloatLE(Number(cell.toString()));
      return bytes;
    }
    case MYSQL_TYPE.double: {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleLE(Number(cell.toString()));
      return bytes;
    }
    case MYSQL_TYPE.date:
    case MYSQL_TYPE.datetime:
    case MYSQL_TYPE.timestamp:
      return moment(cell.toString());
    case MYSQL_TYPE.time:
      return duration(cell.toString());
    default:
      return mysqlBytes(cell);
  }
}

/** As short as it can be: servers leave out a time of midnight and microseconds of zero, and zero altogether. */
function moment(text: string): Buffer {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = text.split(/[-: .]/).map(Number);
  const bytes = Buffer.alloc(12);
  bytes.writeUInt16LE(year, 1);
  bytes.set([month, day, hour, minute, second], 3);
  bytes.writeUInt32LE(micros(text), 8);
  return sized(bytes, micros(text) > 0 ? 11 : hour + minute + second > 0 ? 7 : year + month + day > 0 ? 4 : 0);
}

function duration(text: string): Buffer {
  const [hours = 0, minute = 0, second = 0] = text.replace('-', '').split(/[:.]/).map(Number);
  const bytes = Buffer.alloc(13);
  bytes.writeUInt8(text.startsWith('-') ? 1 : 0, 1);
  bytes.writeUInt32LE(Math.floor(hours / 24), 2);
  bytes.set([hours % 24, minute, second], 6);
  bytes.writeUInt32LE(micros(text), 9);
  return sized(bytes, micros(text) > 0 ? 12 : hours + minute + second > 0 ? 8 : 0);
}

function sized(bytes: Buffer, size: number): Buffer {
  bytes.writeUInt8(size, 0);
  return bytes.subarray(0, size + 1);
}

function micros(text: string): number {
  return Number((/\.(\d+)$/.exec(text)?.[1] ?? '').padEnd(6, '0').slice(0, 6));
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value & 0xffff);
  return bytes;
}
