import { expect, test } from 'vitest';
import { AMQP_HEARTBEAT, AMQP_PROTOCOL, AmqpClientParser, amqpContent, amqpMethod } from './frames.js';
import { amqpMethodId, readMethod, writeMethod } from './methods.js';
import { readContentHeader, writeContentHeader } from './properties.js';

const TABLE = {
  text: 'ü', yes: true, no: false, small: -7, large: 2 ** 40, part: 0.5, nothing: null, bytes: { $bytes: 'AAH/' }, time: { '!': 'timestamp', value: 1_700_000_000 }, list: ['a', 1, [true]], inner: { deep: { er: 'x' } },
};

test('tables of all types', () => {
  const fields = { ticket: 0, queue: 'q', passive: true, durable: false, exclusive: true, autoDelete: false, nowait: true, arguments: TABLE };
  expect(readMethod(writeMethod('queue.declare', fields))).toEqual({ name: 'queue.declare', fields });
});

test('bits, numbers and texts of methods', () => {
  const nack = { deliveryTag: 2 ** 40 + 1, multiple: false, requeue: true };
  expect(readMethod(writeMethod('basic.nack', nack)).fields).toEqual(nack);
  const close = { replyCode: 404, replyText: "NOT_FOUND - no queue 'x'", classId: 50, methodId: 10 };
  expect(readMethod(writeMethod('channel.close', close)).fields).toEqual(close);
  expect(amqpMethodId('queue.declare')).toEqual({ classId: 50, methodId: 10 });
});

test('properties', () => {
  const properties = { contentType: 'application/json', headers: { tries: 2 }, deliveryMode: 2, priority: 9, correlationId: 'c', timestamp: 1_700_000_000, appId: 'shop' };
  expect(readContentHeader(writeContentHeader({ size: 7, properties }))).toEqual({ size: 7, properties });
});

const PAYLOAD = Buffer.from('0123456789'.repeat(50));
const TALK = Buffer.concat([
  AMQP_PROTOCOL, amqpMethod(1, 'channel.open'), AMQP_HEARTBEAT,
  amqpContent(1, { name: 'basic.publish', fields: { exchange: 'e', routingKey: 'k' } }, { properties: { type: 't' }, payload: PAYLOAD }, 128),
  amqpContent(2, { name: 'basic.publish', fields: { routingKey: 'empty' } }, { properties: {}, payload: Buffer.alloc(0) }, 4096),
]);

test.each([1, 9, 100_000])('what a client sends, in pieces of %i bytes', (size) => {
  const parser = new AmqpClientParser();
  const sent = [];
  for (let at = 0; at < TALK.length; at += size) sent.push(...parser.push(TALK.subarray(at, at + size)));
  expect(sent).toMatchObject([
    { kind: 'protocol' },
    { kind: 'method', channel: 1, method: { name: 'channel.open' } },
    { kind: 'heartbeat' },
    { kind: 'content', channel: 1, method: { fields: { exchange: 'e', routingKey: 'k' } }, properties: { type: 't' }, payload: PAYLOAD },
    { kind: 'content', channel: 2, properties: {}, payload: Buffer.alloc(0) },
  ]);
});

const frame = (type: number, payload: Buffer, end = 0xce): Buffer => {
  const head = Buffer.from([type, 0, 1, 0, 0, 0, 0]);
  head.writeUInt32BE(payload.length, 3);
  return Buffer.concat([AMQP_PROTOCOL, head, payload, Buffer.from([end])]);
};

test.each([
  ['another protocol', Buffer.from('GET / HTTP/1.1')],
  ['another version', Buffer.from('AMQP\0\0\x01\0', 'latin1')],
  ['an unknown method', frame(1, Buffer.from([0, 99, 0, 1]))],
  ['a method that ends early', frame(1, Buffer.from([0, 50, 0, 10, 0]))],
  ['a frame without its end', frame(1, writeMethod('channel.open'), 0)],
  ['content that nobody announced', frame(3, Buffer.from('x'))],
  ['a frame of 2 GB', Buffer.concat([AMQP_PROTOCOL, Buffer.from([1, 0, 1, 0x7f, 0xff, 0xff, 0xff])])],
  ['tables within tables without end', frame(1, Buffer.concat([Buffer.from([0, 50, 0, 10, 0, 0, 0, 0]), nested(60)]))],
])('%s is refused', (_what, bytes) => {
  expect(() => new AmqpClientParser().push(bytes)).toThrow(/^AMQP: /);
});

function nested(depth: number): Buffer {
  let table = Buffer.alloc(4);
  for (let index = 0; index < depth; index++) {
    const inner = Buffer.concat([Buffer.from([1, 0x61, 0x46]), table]);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(inner.length);
    table = Buffer.concat([length, inner]);
  }
  return table;
}
