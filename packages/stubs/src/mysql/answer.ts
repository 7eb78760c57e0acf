import type { Cell, IoError, SqlField, SqlResult } from '@deja/format';
import { MARIADB_EXTENDED_METADATA, mysqlBinaryRow, MYSQL_CAN, mysqlColumn, type MysqlColumn, mysqlEnd, mysqlError, mysqlInteger, mysqlOk, MYSQL_STATUS, mysqlTextRow } from '@deja/wire';
import { typeOf } from './types.js';

/** How answers go out on one connection. */
export interface Manner {
  readonly capabilities: number;
  /** MariaDB's own capabilities. */
  readonly extended: number;
  readonly database: string;
  readonly status: number;
}

const GENERAL_STATE = 'HY000';

export function errorPayload(error: IoError): Buffer {
  return mysqlError(error.errno ?? 1105, error.fields?.['sqlState'] ?? GENERAL_STATE, error.fields?.['sqlMessage'] ?? error.message);
}

/** The packets of an answer, of the results of further statements too. `binary`: to a prepared statement. `whole` false: it breaks off after the rows. */
export function answerPayloads(result: SqlResult, binary: boolean, manner: Manner, whole = true): Buffer[] {
  const { more = [], ...first } = result;
  const all: readonly SqlResult[] = [first, ...more];
  return all.flatMap((one, index) => onePayloads(one, binary, { ...manner, status: index < all.length - 1 ? manner.status | MYSQL_STATUS.moreResults : manner.status }, whole || index < all.length - 1));
}

export function columnPayloads(fields: readonly SqlField[], rows: SqlResult['rows'], { extended, database }: Manner): Buffer[] {
  return columnsOf(fields, rows, database).map((column) => mysqlColumn(column, (extended & MARIADB_EXTENDED_METADATA) !== 0));
}

function onePayloads(result: SqlResult, binary: boolean, manner: Manner, whole: boolean): Buffer[] {
  const { fields, rows } = result;
  const withoutEof = (manner.capabilities & MYSQL_CAN.deprecateEof) !== 0;
  if (fields.length === 0) return whole ? [okPayload(result, manner)] : [];
  const types = columnsOf(fields, rows, manner.database).map(({ type }) => type);
  const cells = rows.map((row) => row.map(cellBytes));
  return [
    mysqlInteger(BigInt(fields.length)),
    ...columnPayloads(fields, rows, manner),
    ...(withoutEof ? [] : [mysqlEnd(manner.status, false)]),
    ...cells.map((row) => (binary ? mysqlBinaryRow(row, types) : mysqlTextRow(row))),
    ...(whole ? [mysqlEnd(manner.status, withoutEof)] : []),
  ];
}

function okPayload({ command, rowCount, lastId }: SqlResult, { capabilities, status }: Manner): Buffer {
  const affectedRows = rowCount ?? 0;
  // Drivers read from it how many rows were changed.
  const info = command === 'UPDATE' ? `Rows matched: ${affectedRows}  Changed: ${affectedRows}  Warnings: 0` : '';
  return mysqlOk({ affectedRows, insertId: BigInt(lastId ?? '0'), status, info }, (capabilities & MYSQL_CAN.sessionTrack) !== 0);
}

function columnsOf(fields: readonly SqlField[], rows: SqlResult['rows'], schema: string): MysqlColumn[] {
  return fields.map(({ name, type, table = '', column = '' }, index) => ({ name, schema: table === '' ? '' : schema, table, column, ...typeOf(type, rows.map((row) => row[index] ?? null)) }));
}

function cellBytes(cell: Cell): Buffer | null {
  if (cell === null) return null;
  if (typeof cell === 'string') return Buffer.from(cell);
  return 'base64' in cell ? Buffer.from(cell.base64, 'base64') : Buffer.from(cell.text);
}
