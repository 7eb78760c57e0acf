import type { Column } from './column.js';
import { doubleText, floatText } from './numbers.js';
import { PacketReader } from './reader.js';

/** A cell in the server's own text form, as bytes; null is NULL. */
export type RawCell = Buffer | null;

const ZEROFILL = 64;

/** A row of the text protocol. */
export function textRow(payload: Buffer, columns: readonly Column[]): readonly RawCell[] {
  const reader = new PacketReader(payload);
  return columns.map(() => reader.bytes());
}

/** A row of the binary protocol, which prepared statements have: every value as the text protocol would have it. */
export function binaryRow(payload: Buffer, columns: readonly Column[]): readonly RawCell[] {
  const reader = new PacketReader(payload, 1);
  const nulls = reader.take((columns.length + 9) >> 3);
  return columns.map((column, index) => ((((nulls[(index + 2) >> 3] ?? 0) >> ((index + 2) & 7)) & 1) === 1 ? null : binaryCell(reader, column)));
}

function binaryCell(reader: PacketReader, column: Column): RawCell {
  const unsigned = (column.flags & 32) !== 0;
  switch (column.type) {
    case 1:
      return integer(reader.take(1), unsigned, column);
    case 2:
      return integer(reader.take(2), unsigned, column);
    case 3:
    case 9:
      return integer(reader.take(4), unsigned, column);
    case 8:
      return integer(reader.take(8), unsigned, column);
    case 13:
      return Buffer.from(String(reader.uint(2)).padStart(4, '0'));
    case 4:
      return Buffer.from(floatText(reader.take(4).readFloatLE(0), column.decimals));
    case 5:
      return Buffer.from(doubleText(reader.take(8).readDoubleLE(0), column.decimals));
    case 7:
    case 10:
    case 12:
      return Buffer.from(momentText(reader.take(reader.uint(1)), column.type === 10, column.decimals));
    case 11:
      return Buffer.from(timeText(reader.take(reader.uint(1)), column.decimals));
    case 6:
      return null;
    default:
      return reader.bytes();
  }
}

function integer(bytes: Buffer, unsigned: boolean, { flags, length }: Column): Buffer {
  const wide = Buffer.alloc(8, !unsigned && (bytes.at(-1) ?? 0) >= 0x80 ? 0xff : 0);
  bytes.copy(wide);
  const text = String(unsigned ? wide.readBigUInt64LE(0) : wide.readBigInt64LE(0));
  return Buffer.from((flags & ZEROFILL) === 0 ? text : text.padStart(length, '0'));
}

/** `decimals` of a column say how many digits of a second are shown; of a parameter nobody knows, and zeros at the end are left out. */
export function momentText(bytes: Buffer, isDate: boolean, decimals: number | undefined): string {
  const at = (index: number): number => bytes[index] ?? 0;
  const day = `${pad(bytes.length >= 2 ? bytes.readUInt16LE(0) : 0, 4)}-${pad(at(2))}-${pad(at(3))}`;
  return isDate ? day : `${day} ${pad(at(4))}:${pad(at(5))}:${pad(at(6))}${fraction(bytes, 7, decimals)}`;
}

export function timeText(bytes: Buffer, decimals: number | undefined): string {
  if (bytes.length < 8) return `00:00:00${fraction(bytes, 8, decimals)}`;
  const hours = bytes.readUInt32LE(1) * 24 + (bytes[5] ?? 0);
  return `${bytes[0] === 1 ? '-' : ''}${pad(hours)}:${pad(bytes[6] ?? 0)}:${pad(bytes[7] ?? 0)}${fraction(bytes, 8, decimals)}`;
}

function fraction(bytes: Buffer, at: number, decimals: number | undefined): string {
  const micros = pad(bytes.length >= at + 4 ? bytes.readUInt32LE(at) : 0, 6);
  const digits = decimals === undefined ? micros.replace(/0+$/, '') : micros.slice(0, decimals > 6 ? 0 : decimals);
  return digits === '' ? '' : `.${digits}`;
}

function pad(value: number, size = 2): string {
  return String(value).padStart(size, '0');
}
