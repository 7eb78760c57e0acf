import { KafkaWriter } from './bytes.js';
import { KAFKA_API, type TopicPartitions } from './requests.js';

/** Where the server is that answers for all. */
export interface KafkaNode {
  readonly id: number;
  readonly host: string;
  readonly port: number;
}

const UNSUPPORTED_VERSION = 35;

/** An answer with its length and the number of its question. */
export function kafkaAnswer(correlation: number, body: Buffer): Buffer {
  return new KafkaWriter().int32(body.length + 4).int32(correlation).raw(body).done();
}

/** In the version of the question; a version that is not known gets the first, with an error, as clients expect. */
export function apiVersionsAnswer(version: number): Buffer {
  const known = version <= KAFKA_API.apiVersions.max;
  const writer = new KafkaWriter().int16(known ? 0 : UNSUPPORTED_VERSION);
  writer.list(Object.values(KAFKA_API), ({ key, min, max }) => writer.int16(key).int16(min).int16(max));
  return (known && version >= 1 ? writer.int32(0) : writer).done();
}

export interface KafkaTopic {
  readonly name: string;
  readonly error: number;
  readonly partitions: number;
}

export function metadataAnswer(node: KafkaNode, topics: readonly KafkaTopic[]): Buffer {
  const writer = new KafkaWriter().int32(0);
  writer.list([node], ({ id, host, port }) => writer.int32(id).text(host).int32(port).text(null));
  writer.text('deja').int32(node.id);
  writer.list(topics, ({ name, error, partitions }) => {
    writer.int16(error).text(name).boolean(false);
    writer.list(Array.from({ length: partitions }, (_, index) => index), (index) => {
      writer.int16(0).int32(index).int32(node.id);
      for (const nodes of [[node.id], [node.id], []]) writer.list(nodes, (id) => writer.int32(id));
    });
  });
  return writer.done();
}

export interface ProducedPartition {
  readonly partition: number;
  readonly error: number;
  readonly offset: bigint;
}

export function produceAnswer(topics: readonly TopicPartitions<ProducedPartition>[]): Buffer {
  const writer = new KafkaWriter();
  byTopic(writer, topics, ({ partition, error, offset }) => writer.int32(partition).int16(error).int64(offset).int64(-1n));
  return writer.int32(0).done();
}

/** `records`: a batch, or nothing. */
export function fetchAnswer(topics: readonly TopicPartitions<{ readonly partition: number; readonly end: bigint; readonly records: Buffer }>[]): Buffer {
  const writer = new KafkaWriter().int32(0);
  return byTopic(writer, topics, ({ partition, end, records }) => writer.int32(partition).int16(0).int64(end).int64(end).int32(-1).bytes(records)).done();
}

export function listOffsetsAnswer(topics: readonly TopicPartitions<{ readonly partition: number }>[]): Buffer {
  const writer = new KafkaWriter();
  return byTopic(writer, topics, ({ partition }) => writer.int32(partition).int16(0).int64(-1n).int64(0n)).done();
}

export function offsetCommitAnswer(topics: readonly TopicPartitions<{ readonly partition: number }>[]): Buffer {
  const writer = new KafkaWriter();
  return byTopic(writer, topics, ({ partition }) => writer.int32(partition).int16(0)).done();
}

/** Everything has been consumed up to the beginning: what comes lies behind that. */
export function offsetFetchAnswer(topics: readonly TopicPartitions<{ readonly partition: number }>[]): Buffer {
  const writer = new KafkaWriter();
  return byTopic(writer, topics, ({ partition }) => writer.int32(partition).int64(0n).text('').int16(0)).done();
}

export function coordinatorAnswer({ id, host, port }: KafkaNode): Buffer {
  return new KafkaWriter().int32(0).int16(0).text(null).int32(id).text(host).int32(port).done();
}

/** Everybody who joins leads a group of his own. */
export function joinGroupAnswer(protocol: string, memberId: string, metadata: Buffer): Buffer {
  const writer = new KafkaWriter().int32(0).int16(0).int32(1).text(protocol).text(memberId).text(memberId);
  return writer.list([memberId], (member) => writer.text(member).bytes(metadata)).done();
}

export function syncGroupAnswer(assignment: Buffer): Buffer {
  return new KafkaWriter().int32(0).int16(0).bytes(assignment).done();
}

/** Of heartbeats and leaving. */
export function plainAnswer(): Buffer {
  return new KafkaWriter().int32(0).int16(0).done();
}

export function createTopicsAnswer(topics: readonly { readonly name: string; readonly error: number; readonly message: string | null }[]): Buffer {
  const writer = new KafkaWriter();
  return writer.list(topics, ({ name, error, message }) => writer.text(name).int16(error).text(message)).done();
}

export function initProducerIdAnswer(): Buffer {
  return new KafkaWriter().int32(0).int16(0).int64(1n).int16(0).done();
}

export function saslHandshakeAnswer(mechanism: string): Buffer {
  const writer = new KafkaWriter().int16(0);
  return writer.list([mechanism], (one) => writer.text(one)).done();
}

export function saslAuthenticateAnswer(): Buffer {
  return new KafkaWriter().int16(0).text(null).bytes(Buffer.alloc(0)).done();
}

function byTopic<T>(writer: KafkaWriter, topics: readonly TopicPartitions<T>[], write: (partition: T) => unknown): KafkaWriter {
  return writer.list(topics, ({ topic, partitions }) => writer.text(topic).list(partitions, write));
}
