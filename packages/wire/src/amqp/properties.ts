import { AmqpReader } from './reader.js';
import { type AmqpTable, long, readTable, shortText, writeTable } from './table.js';

const BASIC = 60;
/** From the highest bit on. */
const PROPERTIES = [
  ['contentType', 'text'], ['contentEncoding', 'text'], ['headers', 'table'], ['deliveryMode', 'octet'], ['priority', 'octet'], ['correlationId', 'text'], ['replyTo', 'text'],
  ['expiration', 'text'], ['messageId', 'text'], ['timestamp', 'time'], ['type', 'text'], ['userId', 'text'], ['appId', 'text'], ['clusterId', 'text'],
] as const;

/** What a content header says: properties that are not there are left out. */
export interface AmqpContentHeader {
  readonly size: number;
  readonly properties: AmqpTable;
}

/** `payload` of a header frame. Throws `WireError`. */
export function readContentHeader(payload: Buffer): AmqpContentHeader {
  const reader = new AmqpReader(payload);
  reader.bytes(4);
  const size = reader.long();
  const flags = reader.int(2);
  const properties: Record<string, unknown> = {};
  for (const [index, [name, type]] of PROPERTIES.entries()) {
    if ((flags & (0x8000 >> index)) === 0) continue;
    properties[name] = type === 'text' ? reader.shortText() : type === 'octet' ? reader.int(1) : type === 'time' ? reader.long() : readTable(reader);
  }
  return { size, properties };
}

/** The payload of a header frame; what is no property is left out. */
export function writeContentHeader({ size, properties }: AmqpContentHeader): Buffer {
  const parts: Buffer[] = [];
  let flags = 0;
  for (const [index, [name, type]] of PROPERTIES.entries()) {
    const value = properties[name];
    if (value === undefined || value === null) continue;
    flags |= 0x8000 >> index;
    if (type === 'text') parts.push(shortText(typeof value === 'string' ? value : JSON.stringify(value)));
    else if (type === 'table') parts.push(writeTable(value as AmqpTable));
    else parts.push(type === 'octet' ? Buffer.from([Number(value)]) : long(Number(value)));
  }
  return Buffer.concat([Buffer.from([0, BASIC, 0, 0]), long(size), Buffer.from([flags >> 8, flags & 0xff]), ...parts]);
}
