import { WireError } from '../error.js';
import { AmqpReader } from './reader.js';
import { type AmqpTable, long, readTable, shortText, withLength, writeTable } from './table.js';

type FieldType = 'octet' | 'short' | 'long' | 'longlong' | 'shortstr' | 'longstr' | 'bit' | 'table';

interface MethodShape {
  readonly class: number;
  readonly method: number;
  readonly fields: readonly (readonly [name: string, type: FieldType])[];
}

/** `name:type name:type …` */
function shape(classId: number, method: number, fields = ''): MethodShape {
  return { class: classId, method, fields: fields.split(' ').filter(Boolean).map((one) => one.split(':') as [string, FieldType]) };
}

/** The methods of AMQP 0-9-1 and RabbitMQ's extensions, with the fields in the order of the wire. */
const METHODS = {
  'connection.start': shape(10, 10, 'versionMajor:octet versionMinor:octet serverProperties:table mechanisms:longstr locales:longstr'),
  'connection.start-ok': shape(10, 11, 'clientProperties:table mechanism:shortstr response:longstr locale:shortstr'),
  'connection.tune': shape(10, 30, 'channelMax:short frameMax:long heartbeat:short'),
  'connection.tune-ok': shape(10, 31, 'channelMax:short frameMax:long heartbeat:short'),
  'connection.open': shape(10, 40, 'virtualHost:shortstr capabilities:shortstr insist:bit'),
  'connection.open-ok': shape(10, 41, 'knownHosts:shortstr'),
  'connection.close': shape(10, 50, 'replyCode:short replyText:shortstr classId:short methodId:short'),
  'connection.close-ok': shape(10, 51),
  'connection.update-secret': shape(10, 70, 'newSecret:longstr reason:shortstr'),
  'connection.update-secret-ok': shape(10, 71),
  'channel.open': shape(20, 10, 'outOfBand:shortstr'),
  'channel.open-ok': shape(20, 11, 'channelId:longstr'),
  'channel.flow': shape(20, 20, 'active:bit'),
  'channel.flow-ok': shape(20, 21, 'active:bit'),
  'channel.close': shape(20, 40, 'replyCode:short replyText:shortstr classId:short methodId:short'),
  'channel.close-ok': shape(20, 41),
  'exchange.declare': shape(40, 10, 'ticket:short exchange:shortstr type:shortstr passive:bit durable:bit autoDelete:bit internal:bit nowait:bit arguments:table'),
  'exchange.declare-ok': shape(40, 11),
  'exchange.delete': shape(40, 20, 'ticket:short exchange:shortstr ifUnused:bit nowait:bit'),
  'exchange.delete-ok': shape(40, 21),
  'exchange.bind': shape(40, 30, 'ticket:short destination:shortstr source:shortstr routingKey:shortstr nowait:bit arguments:table'),
  'exchange.bind-ok': shape(40, 31),
  'exchange.unbind': shape(40, 40, 'ticket:short destination:shortstr source:shortstr routingKey:shortstr nowait:bit arguments:table'),
  'exchange.unbind-ok': shape(40, 51),
  'queue.declare': shape(50, 10, 'ticket:short queue:shortstr passive:bit durable:bit exclusive:bit autoDelete:bit nowait:bit arguments:table'),
  'queue.declare-ok': shape(50, 11, 'queue:shortstr messageCount:long consumerCount:long'),
  'queue.bind': shape(50, 20, 'ticket:short queue:shortstr exchange:shortstr routingKey:shortstr nowait:bit arguments:table'),
  'queue.bind-ok': shape(50, 21),
  'queue.purge': shape(50, 30, 'ticket:short queue:shortstr nowait:bit'),
  'queue.purge-ok': shape(50, 31, 'messageCount:long'),
  'queue.delete': shape(50, 40, 'ticket:short queue:shortstr ifUnused:bit ifEmpty:bit nowait:bit'),
  'queue.delete-ok': shape(50, 41, 'messageCount:long'),
  'queue.unbind': shape(50, 50, 'ticket:short queue:shortstr exchange:shortstr routingKey:shortstr arguments:table'),
  'queue.unbind-ok': shape(50, 51),
  'basic.qos': shape(60, 10, 'prefetchSize:long prefetchCount:short global:bit'),
  'basic.qos-ok': shape(60, 11),
  'basic.consume': shape(60, 20, 'ticket:short queue:shortstr consumerTag:shortstr noLocal:bit noAck:bit exclusive:bit nowait:bit arguments:table'),
  'basic.consume-ok': shape(60, 21, 'consumerTag:shortstr'),
  'basic.cancel': shape(60, 30, 'consumerTag:shortstr nowait:bit'),
  'basic.cancel-ok': shape(60, 31, 'consumerTag:shortstr'),
  'basic.publish': shape(60, 40, 'ticket:short exchange:shortstr routingKey:shortstr mandatory:bit immediate:bit'),
  'basic.return': shape(60, 50, 'replyCode:short replyText:shortstr exchange:shortstr routingKey:shortstr'),
  'basic.deliver': shape(60, 60, 'consumerTag:shortstr deliveryTag:longlong redelivered:bit exchange:shortstr routingKey:shortstr'),
  'basic.get': shape(60, 70, 'ticket:short queue:shortstr noAck:bit'),
  'basic.get-ok': shape(60, 71, 'deliveryTag:longlong redelivered:bit exchange:shortstr routingKey:shortstr messageCount:long'),
  'basic.get-empty': shape(60, 72, 'clusterId:shortstr'),
  'basic.ack': shape(60, 80, 'deliveryTag:longlong multiple:bit'),
  'basic.reject': shape(60, 90, 'deliveryTag:longlong requeue:bit'),
  'basic.recover-async': shape(60, 100, 'requeue:bit'),
  'basic.recover': shape(60, 110, 'requeue:bit'),
  'basic.recover-ok': shape(60, 111),
  'basic.nack': shape(60, 120, 'deliveryTag:longlong multiple:bit requeue:bit'),
  'confirm.select': shape(85, 10, 'nowait:bit'),
  'confirm.select-ok': shape(85, 11),
  'tx.select': shape(90, 10),
  'tx.select-ok': shape(90, 11),
  'tx.commit': shape(90, 20),
  'tx.commit-ok': shape(90, 21),
  'tx.rollback': shape(90, 30),
  'tx.rollback-ok': shape(90, 31),
} as const satisfies Readonly<Record<string, MethodShape>>;

export type AmqpMethodName = keyof typeof METHODS;

export interface AmqpMethod {
  readonly name: AmqpMethodName;
  readonly fields: AmqpTable;
}

const NAMES = new Map(Object.entries(METHODS).map(([name, one]) => [(one.class << 16) | one.method, name as AmqpMethodName]));

export function isAmqpMethod(name: string): name is AmqpMethodName {
  return Object.hasOwn(METHODS, name);
}

/** Class and method, as a closing names what caused it. */
export function amqpMethodId(name: AmqpMethodName): { readonly classId: number; readonly methodId: number } {
  return { classId: METHODS[name].class, methodId: METHODS[name].method };
}

/** `payload` of a method frame. Throws `WireError`. */
export function readMethod(payload: Buffer): AmqpMethod {
  const reader = new AmqpReader(payload);
  const id = reader.int(4);
  const name = NAMES.get(id);
  if (name === undefined) throw new WireError('AMQP', `unknown method ${id >> 16}.${id & 0xffff}`);
  const fields: Record<string, unknown> = {};
  let bits = 0;
  let octet = 0;
  for (const [field, type] of METHODS[name].fields) {
    if (type !== 'bit') bits = 0;
    else if (bits++ % 8 === 0) octet = reader.int(1);
    fields[field] = type === 'bit' ? (octet & (1 << ((bits - 1) % 8))) !== 0 : readField(reader, type);
  }
  return { name, fields };
}

function readField(reader: AmqpReader, type: Exclude<FieldType, 'bit'>): unknown {
  switch (type) {
    case 'octet':
      return reader.int(1);
    case 'short':
      return reader.int(2);
    case 'long':
      return reader.int(4);
    case 'longlong':
      return reader.long();
    case 'shortstr':
      return reader.shortText();
    case 'longstr':
      return reader.longText();
    case 'table':
      return readTable(reader);
  }
}

/** The payload of a method frame. Fields that are not given are empty. */
export function writeMethod(name: AmqpMethodName, fields: AmqpTable = {}): Buffer {
  const { class: classId, method, fields: shapes } = METHODS[name];
  const parts: Buffer[] = [Buffer.from([classId >> 8, classId & 0xff, method >> 8, method & 0xff])];
  let bits = 0;
  let octet = Buffer.alloc(0);
  for (const [field, type] of shapes) {
    const value = fields[field];
    if (type !== 'bit') {
      bits = 0;
      parts.push(writeField(type, value));
      continue;
    }
    if (bits % 8 === 0) parts.push((octet = Buffer.alloc(1)));
    if (value === true) octet[0] = (octet[0] ?? 0) | (1 << (bits % 8));
    bits += 1;
  }
  return Buffer.concat(parts);
}

function writeField(type: Exclude<FieldType, 'bit'>, value: unknown): Buffer {
  const text = typeof value === 'string' ? value : '';
  const number = typeof value === 'number' ? value : 0;
  switch (type) {
    case 'octet':
      return Buffer.from([number]);
    case 'short':
      return Buffer.from([number >> 8, number & 0xff]);
    case 'long': {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(number);
      return bytes;
    }
    case 'longlong':
      return long(number);
    case 'shortstr':
      return shortText(text);
    case 'longstr':
      return withLength(Buffer.from(text));
    case 'table':
      return writeTable(typeof value === 'object' && value !== null ? (value as AmqpTable) : {});
  }
}
