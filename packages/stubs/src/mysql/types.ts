import type { Cell } from '@deja/format';
import { MYSQL_BINARY, MYSQL_TYPE, MYSQL_UNSIGNED, type MysqlColumn } from '@deja/wire';

type Shape = Pick<MysqlColumn, 'type' | 'charset' | 'length' | 'flags' | 'decimals'>;

const UTF8 = 45;
const ENUM = 256;
const SET = 2048;
const BYTES = 128;
/** Decimals of numbers that have as many as they need. */
const FREE = 31;

const T = MYSQL_TYPE;
/** Names as they are recorded: number, bytes or text, length, flags. */
const TYPES: Readonly<Record<string, readonly [type: number, text: boolean, length: number, flags?: number]>> = {
  tinyint: [T.tiny, false, 4], smallint: [T.short, false, 6], mediumint: [T.int24, false, 9], int: [T.long, false, 11], integer: [T.long, false, 11], bigint: [T.longlong, false, 20], float: [T.float, false, 12],
  double: [T.double, false, 22], decimal: [T.decimal, false, 20], year: [T.year, false, 4], date: [T.date, false, 10], time: [T.time, false, 10], datetime: [T.datetime, false, 19], timestamp: [T.timestamp, false, 19],
  bit: [T.bit, false, 1, MYSQL_UNSIGNED], json: [T.json, true, 0xffffffff, BYTES], enum: [T.string, true, 255, ENUM], set: [T.string, true, 255, SET], text: [T.blob, true, 262140, 16], varchar: [T.varString, true, 1020],
  char: [T.string, true, 255], blob: [T.blob, false, 65535, 16 + BYTES], varbinary: [T.varString, false, 255, BYTES], binary: [T.string, false, 255, BYTES], geometry: [T.geometry, false, 0xffffffff, BYTES], null: [T.null, false, 0],
};

/** How a column of a recorded type is described; its cells show how many decimals it has. Types that nobody knows read as text. */
export function typeOf(name: string, cells: readonly Cell[]): Shape {
  const plain = name.toLowerCase();
  const [word = ''] = plain.split(/[\s(]/, 1);
  const [type, isText, length, flags = 0] = (Object.hasOwn(TYPES, word) ? TYPES[word] : undefined) ?? [T.varString, true, 1020];
  const size = /\((\d+)\)/.exec(plain)?.[1];
  return {
    type,
    charset: isText ? UTF8 : MYSQL_BINARY,
    length: size === undefined ? length : Number(size),
    flags: flags | (plain.includes('unsigned') ? MYSQL_UNSIGNED : 0),
    decimals: type === T.float || type === T.double ? FREE : isText ? 0 : mostDecimals(cells),
  };
}

function mostDecimals(cells: readonly Cell[]): number {
  return Math.max(0, ...cells.slice(0, 100).map((cell) => (typeof cell === 'string' ? (/\.(\d+)$/.exec(cell)?.[1]?.length ?? 0) : 0)));
}
