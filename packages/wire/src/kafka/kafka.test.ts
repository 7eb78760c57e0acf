import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { apiVersionsAnswer } from './answers.js';
import { KafkaReader, KafkaWriter } from './bytes.js';
import { crc32c } from './crc32c.js';
import { type KafkaRecord, readRecordBatches, writeRecordBatch } from './records.js';
import { KafkaRequestParser } from './requests.js';

const RECORDS: readonly KafkaRecord[] = [
  { offset: 57n, timestamp: 1_700_000_000_000n, key: Buffer.from('k'), value: Buffer.from('{"a":1}'), headers: [['trace', Buffer.from('t')], ['trace', Buffer.alloc(0)]] },
  { offset: 2n ** 40n, timestamp: 1_700_000_000_007n, key: null, value: null, headers: [] },
];

test('records in a batch', () => {
  expect(readRecordBatches(writeRecordBatch(RECORDS.slice(0, 1)))).toEqual(RECORDS.slice(0, 1));
  const far = [RECORDS[0], { ...RECORDS[1], offset: 90n }] as KafkaRecord[];
  expect(readRecordBatches(Buffer.concat([writeRecordBatch(far), writeRecordBatch(far)]))).toEqual([...far, ...far]);
});

test('records packed by gzip', () => {
  const plain = writeRecordBatch(RECORDS.slice(0, 1));
  const HEAD = 61;
  const packed = gzipSync(plain.subarray(HEAD));
  const batch = Buffer.concat([plain.subarray(0, HEAD), packed]);
  batch.writeInt32BE(batch.length - 12, 8);
  batch.writeInt16BE(1, 21);
  expect(readRecordBatches(batch)).toEqual(RECORDS.slice(0, 1));
});

test('the checksum is the one of the standard', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
});

test.each([0n, -1n, 1n, 300n, -300n, 2n ** 62n, -(2n ** 63n), 2n ** 63n - 1n])('the number %s', (value) => {
  expect(new KafkaReader(new KafkaWriter().varint(value).done()).varint()).toBe(value);
});

function request(key: number, version: number, body: Buffer): Buffer {
  const rest = new KafkaWriter().int16(key).int16(version).int32(7).text('me').raw(body).done();
  return new KafkaWriter().int32(rest.length).raw(rest).done();
}

const PRODUCE = new KafkaWriter().text(null).int16(-1).int32(1000);
PRODUCE.list(['t'], (topic) => PRODUCE.text(topic).list([3], (partition) => PRODUCE.int32(partition).bytes(writeRecordBatch(RECORDS.slice(0, 1)))));
const TALK = Buffer.concat([request(0, 3, PRODUCE.done()), request(3, 5, new KafkaWriter().int32(-1).boolean(true).done()), request(18, 9, Buffer.alloc(3))]);

test.each([1, 30, 100_000])('what a client asks, in pieces of %i bytes', (size) => {
  const parser = new KafkaRequestParser();
  const asked = [];
  for (let at = 0; at < TALK.length; at += size) asked.push(...parser.push(TALK.subarray(at, at + size)));
  expect(asked).toMatchObject([
    { version: 3, correlation: 7, client: 'me', question: { api: 'produce', acks: -1, topics: [{ topic: 't', partitions: [{ partition: 3, records: RECORDS.slice(0, 1) }] }] } },
    { question: { api: 'metadata', topics: null } },
    { version: 9, question: { api: 'apiVersions' } },
  ]);
  // A version that is not known: error 35.
  expect(apiVersionsAnswer(9).readInt16BE()).toBe(35);
});

test.each([
  ['another protocol', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
  ['a request of no known kind', request(999, 0, Buffer.alloc(8))],
  ['a version that was not announced', request(0, 9, PRODUCE.done())],
  ['a request that ends early', request(3, 5, Buffer.from([0, 0]))],
  ['a list that is longer than its request', request(3, 5, Buffer.from([0x7f, 0xff, 0xff, 0xff]))],
  ['records in an old format', request(0, 3, new KafkaWriter().text(null).int16(1).int32(1).int32(1).text('t').int32(1).int32(0).bytes(Buffer.concat([Buffer.alloc(11), Buffer.from([40]), Buffer.alloc(40)])).done())],
])('%s is refused', (_what, bytes) => {
  expect(() => new KafkaRequestParser().push(bytes)).toThrow(/^Kafka: /);
});
