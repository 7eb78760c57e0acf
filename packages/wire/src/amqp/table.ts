import { WireError } from '../error.js';
import type { AmqpReader } from './reader.js';

/**
 * Values of field tables, as JSON can say them. Bytes are `{"$bytes": base64}`; a time is `{"!": "timestamp", "value": seconds}`;
 * 64-bit integers beyond what a number holds lose digits.
 */
export type AmqpTable = Readonly<Record<string, unknown>>;

const MAX_DEPTH = 32;

export function readTable(reader: AmqpReader, depth = 0): AmqpTable {
  if (depth > MAX_DEPTH) throw new WireError('AMQP', 'a table is nested too deeply');
  const end = reader.int(4) + reader.at;
  const table: Record<string, unknown> = {};
  while (reader.at < end) table[reader.shortText()] = readValue(reader, depth);
  return table;
}

function readValue(reader: AmqpReader, depth: number): unknown {
  const tag = String.fromCharCode(reader.int(1));
  switch (tag) {
    case 'S':
      return reader.bytes(reader.int(4)).toString();
    case 'x':
      return { $bytes: reader.bytes(reader.int(4)).toString('base64') };
    case 't':
      return reader.int(1) !== 0;
    case 'b':
      return reader.bytes(1).readInt8();
    case 'B':
      return reader.int(1);
    case 's':
      return reader.bytes(2).readInt16BE();
    case 'u':
      return reader.int(2);
    case 'I':
      return reader.bytes(4).readInt32BE();
    case 'i':
      return reader.int(4);
    case 'l':
      return Number(reader.bytes(8).readBigInt64BE());
    case 'L':
      return Number(reader.bytes(8).readBigUInt64BE());
    case 'f':
      return reader.bytes(4).readFloatBE();
    case 'd':
      return reader.bytes(8).readDoubleBE();
    case 'D': {
      const places = reader.int(1);
      return { '!': 'decimal', value: { places, digits: reader.int(4) } };
    }
    case 'T':
      return { '!': 'timestamp', value: reader.long() };
    case 'F':
      return readTable(reader, depth + 1);
    case 'A': {
      const end = reader.int(4) + reader.at;
      const items: unknown[] = [];
      while (reader.at < end) items.push(readValue(reader, depth + 1));
      return items;
    }
    case 'V':
      return null;
    default:
      throw new WireError('AMQP', `a table has a value of the unknown type '${tag}'`);
  }
}

export function writeTable(table: AmqpTable): Buffer {
  return withLength(Buffer.concat(Object.entries(table).flatMap(([name, value]) => [shortText(name), writeValue(value)])));
}

function writeValue(value: unknown): Buffer {
  if (value === null || value === undefined) return Buffer.from('V');
  if (typeof value === 'string') return tagged('S', withLength(Buffer.from(value)));
  if (typeof value === 'boolean') return tagged('t', Buffer.from([value ? 1 : 0]));
  if (typeof value === 'number') return writeNumber(value);
  if (Array.isArray(value)) return tagged('A', withLength(Buffer.concat(value.map(writeValue))));
  if (typeof value !== 'object') return Buffer.from('V');
  if ('$bytes' in value) return tagged('x', withLength(Buffer.from(String(value.$bytes), 'base64')));
  if ('!' in value && value['!'] === 'timestamp' && 'value' in value) return tagged('T', long(Number(value.value)));
  return tagged('F', writeTable(value as AmqpTable));
}

function writeNumber(value: number): Buffer {
  if (!Number.isInteger(value)) {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleBE(value);
    return tagged('d', bytes);
  }
  if (value >= -(2 ** 31) && value < 2 ** 31) {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(value);
    return tagged('I', bytes);
  }
  return tagged('l', long(value));
}

function tagged(tag: string, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from(tag), bytes]);
}

export function withLength(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

export function long(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
}

export function shortText(text: string): Buffer {
  const bytes = Buffer.from(text).subarray(0, 255);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}
