import { momentText, timeText } from './cells.js';
import { doubleText, floatText } from './numbers.js';
import { PacketReader } from './reader.js';

/** A value as it went to the server. */
export type SentValue = { readonly kind: 'text' | 'number'; readonly text: string } | { readonly kind: 'bytes'; readonly bytes: Buffer } | null;

const HEAD = 10;
const FLAGS = 5;
/** The number of values stands in the packet, and each has a name; those of attributes are not empty. */
const COUNTED = 8;
const UNSIGNED = 0x80;
const NO_LIMIT = 31;

/** The values of a COM_STMT_EXECUTE as it was written to the wire, of a statement with `count` parameters. */
export function sentParameters(payload: Buffer, count: number): readonly SentValue[] {
  const counted = ((payload[FLAGS] ?? 0) & COUNTED) !== 0;
  const reader = new PacketReader(payload, HEAD);
  const all = counted ? Number(reader.integer() ?? 0n) : count;
  if (all === 0) return [];
  const nulls = reader.take((all + 7) >> 3);
  reader.take(1);
  const types = Array.from({ length: all }, () => {
    const type = { number: reader.uint(1), unsigned: (reader.uint(1) & UNSIGNED) !== 0 };
    if (counted) reader.bytes();
    return type;
  });
  return types.slice(0, count).map(({ number, unsigned }, index) => (((nulls[index >> 3] ?? 0) >> (index & 7)) & 1 ? null : sentValue(reader, number, unsigned)));
}

function sentValue(reader: PacketReader, type: number, unsigned: boolean): SentValue {
  switch (type) {
    case 6:
      return null;
    case 1:
      return integer(reader.take(1), unsigned);
    case 2:
    case 13:
      return integer(reader.take(2), unsigned);
    case 3:
    case 9:
      return integer(reader.take(4), unsigned);
    case 8:
      return integer(reader.take(8), unsigned);
    case 4:
      return { kind: 'number', text: floatText(reader.take(4).readFloatLE(0), NO_LIMIT) };
    case 5:
      return { kind: 'number', text: doubleText(reader.take(8).readDoubleLE(0), NO_LIMIT) };
    case 7:
    case 10:
    case 12: {
      const bytes = reader.take(reader.uint(1));
      return { kind: 'text', text: momentText(bytes, type === 10 && bytes.length <= 4, undefined) };
    }
    case 11:
      return { kind: 'text', text: timeText(reader.take(reader.uint(1)), undefined) };
    default: {
      const bytes = reader.bytes() ?? Buffer.alloc(0);
      return (type >= 249 && type <= 252) || type === 16 || type === 255 ? { kind: 'bytes', bytes } : { kind: 'text', text: bytes.toString() };
    }
  }
}

function integer(bytes: Buffer, unsigned: boolean): SentValue {
  const wide = Buffer.alloc(8, !unsigned && (bytes.at(-1) ?? 0) >= 0x80 ? 0xff : 0);
  bytes.copy(wide);
  return { kind: 'number', text: String(unsigned ? wide.readBigUInt64LE(0) : wide.readBigInt64LE(0)) };
}
