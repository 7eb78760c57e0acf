import { expect, test } from 'vitest';
import { NatsClientParser } from './client-parser.js';
import { natsMessage, natsSubjectMatches, readNatsHeaders } from './server.js';

const HEADERS = 'NATS/1.0\r\nTrace: 7\r\n\r\n';
const TALK = `CONNECT {"verbose":false}\r\nPING\r\nSUB orders.* workers 1\r\nsub news 2\r\nUNSUB 2 5\r\nPUB a.b 5\r\nhe\r\no\r\nHPUB a.b _INBOX.x ${HEADERS.length} ${HEADERS.length + 2}\r\n${HEADERS}hi\r\nPUB e 0\r\n\r\nPONG\r\n`;

test.each([1, 2, 7, 10_000])('what a client says, in pieces of %i bytes', (size) => {
  const parser = new NatsClientParser();
  const bytes = Buffer.from(TALK);
  const said = [];
  for (let at = 0; at < bytes.length; at += size) said.push(...parser.push(bytes.subarray(at, at + size)));
  expect(said).toEqual([
    { op: 'CONNECT', options: { verbose: false } },
    { op: 'PING' },
    { op: 'SUB', subject: 'orders.*', queue: 'workers', sid: '1' },
    { op: 'SUB', subject: 'news', sid: '2' },
    { op: 'UNSUB', sid: '2', max: 5 },
    { op: 'PUB', subject: 'a.b', payload: Buffer.from('he\r\no') },
    { op: 'PUB', subject: 'a.b', reply: '_INBOX.x', headers: Buffer.from(HEADERS), payload: Buffer.from('hi') },
    { op: 'PUB', subject: 'e', payload: Buffer.alloc(0) },
    { op: 'PONG' },
  ]);
});

test.each(['GET / HTTP/1.1\r\n', 'PUB a\r\n', 'PUB a -1\r\n', 'PUB a 99999999999\r\n', 'HPUB a 9 5\r\nhello\r\n', 'PUB a 1\r\nxyz', 'CONNECT no\r\n', `PUB ${'a'.repeat(70_000)}`])('%#: no NATS', (text) => {
  expect(() => new NatsClientParser().push(Buffer.from(text))).toThrow(/^NATS: /);
});

test('a message with a status and headers', () => {
  const bytes = natsMessage({ subject: 's', sid: '3', reply: 'r', status: '503', headers: [['A', 'b: c']], payload: Buffer.from('x') });
  expect(bytes.toString()).toBe('HMSG s 3 r 25 26\r\nNATS/1.0 503\r\nA: b: c\r\n\r\nx\r\n');
  expect(readNatsHeaders(Buffer.from('NATS/1.0\r\nA: b: c\r\n\r\n'))).toEqual([['A', 'b: c']]);
  expect(natsMessage({ subject: 's', sid: '3', payload: Buffer.alloc(0) }).toString()).toBe('MSG s 3 0\r\n\r\n');
});

test.each([
  ['a.b', 'a.b', true], ['a.*', 'a.b', true], ['a.*', 'a.b.c', false], ['a.>', 'a.b.c', true], ['a.>', 'a', false], ['>', 'a', true], ['a', 'a.b', false], ['*.b', 'a.c', false],
])('%s takes %s: %s', (pattern, subject, expected) => {
  expect(natsSubjectMatches(pattern, subject)).toBe(expected);
});
