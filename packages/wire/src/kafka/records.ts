import { gunzipSync } from 'node:zlib';
import { WireError } from '../error.js';
import { KafkaReader, KafkaWriter } from './bytes.js';
import { crc32c } from './crc32c.js';

export interface KafkaRecord {
  readonly offset: bigint;
  /** Milliseconds since 1970. */
  readonly timestamp: bigint;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly (readonly [name: string, value: Buffer])[];
}

const MAGIC = 2;
const NO_PRODUCER = -1;
const COMPRESSION = 0x7;
const GZIP = 1;
const MAX_UNPACKED = 64 * 1024 * 1024;

/** A batch of records in the format of Kafka 0.11 and later. Records ascend by offset; there is at least one. */
export function writeRecordBatch(records: readonly KafkaRecord[]): Buffer {
  const [first] = records;
  const last = records.at(-1);
  if (!first || !last) return Buffer.alloc(0);
  const body = new KafkaWriter();
  body.int16(0).int32(Number(last.offset - first.offset)).int64(first.timestamp).int64(last.timestamp).int64(BigInt(NO_PRODUCER)).int16(NO_PRODUCER).int32(NO_PRODUCER);
  body.list(records, (record) => body.sized(writeRecord(record, first)));
  const checked = body.done();
  const rest = new KafkaWriter().int32(0).int8(MAGIC).uint32(crc32c(checked)).raw(checked).done();
  return new KafkaWriter().int64(first.offset).int32(rest.length).raw(rest).done();
}

function writeRecord({ offset, timestamp, key, value, headers }: KafkaRecord, first: KafkaRecord): Buffer {
  const record = new KafkaWriter().int8(0).varint(timestamp - first.timestamp).varint(offset - first.offset).sized(key).sized(value).varint(BigInt(headers.length));
  for (const [name, bytes] of headers) record.sized(Buffer.from(name)).sized(bytes);
  return record.done();
}

/** All records of a set of batches. Throws `WireError`, also for older formats and for compression other than gzip. */
export function readRecordBatches(bytes: Buffer): readonly KafkaRecord[] {
  const reader = new KafkaReader(bytes);
  const records: KafkaRecord[] = [];
  while (reader.left > 0) {
    const base = reader.int64();
    records.push(...readBatch(new KafkaReader(reader.take(reader.int32())), base));
  }
  return records;
}

function readBatch(batch: KafkaReader, base: bigint): readonly KafkaRecord[] {
  batch.int32();
  const magic = batch.int8();
  if (magic !== MAGIC) throw new WireError('Kafka', `records in the format ${magic}`);
  batch.int32();
  const compression = batch.int16() & COMPRESSION;
  batch.int32();
  const began = batch.int64();
  batch.take(8 + 8 + 2 + 4);
  const count = batch.int32();
  const packed = batch.take(batch.left);
  if (compression !== 0 && compression !== GZIP) throw new WireError('Kafka', `records compressed in the way number ${compression}`);
  const reader = new KafkaReader(compression === GZIP ? unpacked(packed) : packed);
  if (count > reader.left) throw new WireError('Kafka', `a batch of ${count} records`);
  return Array.from({ length: Math.max(0, count) }, () => readRecord(new KafkaReader(reader.sized() ?? Buffer.alloc(0)), base, began));
}

function unpacked(packed: Buffer): Buffer {
  try {
    return gunzipSync(packed, { maxOutputLength: MAX_UNPACKED });
  } catch (error) {
    throw new WireError('Kafka', `records that cannot be unpacked: ${(error as Error).message}`);
  }
}

function readRecord(record: KafkaReader, base: bigint, began: bigint): KafkaRecord {
  record.int8();
  const timestamp = began + record.varint();
  const offset = base + record.varint();
  const [key, value] = [record.sized(), record.sized()];
  const count = Number(record.varint());
  if (count > record.left) throw new WireError('Kafka', `a record with ${count} headers`);
  const headers = Array.from({ length: Math.max(0, count) }, () => [(record.sized() ?? Buffer.alloc(0)).toString(), record.sized() ?? Buffer.alloc(0)] as const);
  return { offset, timestamp, key, value, headers };
}
