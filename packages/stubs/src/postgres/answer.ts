import type { Cell, IoError, SqlResult } from '@deja/format';
import { pgBare, type PgColumn, pgCommandComplete, pgDataRow, pgErrorResponse, pgRowDescription } from '@deja/wire';
import type { SqlAnswer } from '../plan.js';
import { typeOf } from './types.js';

/** An answer that the proxy makes by itself. */
export type OwnAnswer = Extract<SqlAnswer, { readonly ok: unknown } | { readonly error: unknown }>;

/** Protocol letters of an error's further fields, by the names under which `pg` gives them. */
const ERROR_FIELDS: readonly (readonly [letter: string, name: string])[] = [
  ['H', 'hint'], ['P', 'position'], ['p', 'internalPosition'], ['q', 'internalQuery'], ['W', 'where'], ['s', 'schema'], ['t', 'table'], ['c', 'column'],
  ['d', 'dataType'], ['n', 'constraint'], ['F', 'file'], ['L', 'line'], ['R', 'routine'],
];

export function errorMessage(error: IoError): Buffer {
  const severity = error.fields?.['severity'] ?? 'ERROR';
  return pgErrorResponse([
    ['S', severity],
    ['V', severity],
    ['C', error.code ?? 'XX000'],
    ['M', error.message],
    ...(error.detail === undefined ? [] : [['D', error.detail] as const]),
    ...ERROR_FIELDS.flatMap(([letter, name]) => {
      const value = error.fields?.[name];
      return value === undefined ? [] : [[letter, value] as const];
    }),
  ]);
}

/** The server ends the connection after such an error. */
export function isFatal(error: IoError): boolean {
  return ['FATAL', 'PANIC'].includes(error.fields?.['severity'] ?? '');
}

/** RowDescription, or NoData for a statement that returns no rows. */
export function shapeMessage(result: SqlResult): Buffer {
  return result.fields.length === 0 ? pgBare('n') : pgRowDescription(columnsOf(result));
}

/** What a simple query is answered with, for every statement in it; without ReadyForQuery. */
export function simpleAnswer(result: SqlResult): Buffer[] {
  const own = [...(result.fields.length === 0 ? [] : [pgRowDescription(columnsOf(result))]), ...rowMessages(result.rows), completion(result)];
  return [...own, ...(result.more ?? []).flatMap(simpleAnswer)];
}

export function rowMessages(rows: SqlResult['rows']): Buffer[] {
  return rows.map((cells) => pgDataRow(cells.map(cellBytes)));
}

export function completion({ command, rowCount }: SqlResult): Buffer {
  if (command === '') return pgBare('I');
  if (rowCount === null) return pgCommandComplete(command);
  // The zero stands where row OIDs once stood.
  return pgCommandComplete(command === 'INSERT' ? `INSERT 0 ${rowCount}` : `${command} ${rowCount}`);
}

export function cellBytes(cell: Cell): Buffer | null {
  if (cell === null) return null;
  if (typeof cell === 'string') return Buffer.from(cell);
  return 'base64' in cell ? Buffer.from(cell.base64, 'base64') : Buffer.from(cell.text);
}

function columnsOf(result: SqlResult): PgColumn[] {
  return result.fields.map((field) => {
    const { id, size } = typeOf(field.type);
    return { name: field.name, tableId: field.tableId ?? 0, columnId: field.columnId ?? 0, typeId: id, typeSize: size };
  });
}
