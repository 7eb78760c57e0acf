import { ByteQueue } from '../byte-queue.js';
import { WireError } from '../error.js';
import { KafkaReader } from './bytes.js';
import { type KafkaRecord, readRecordBatches } from './records.js';

/** The numbers of requests, and the only version in which each is understood: that is what a server announces. */
export const KAFKA_API = {
  produce: { key: 0, min: 3, max: 3 },
  fetch: { key: 1, min: 4, max: 4 },
  listOffsets: { key: 2, min: 1, max: 1 },
  metadata: { key: 3, min: 5, max: 5 },
  offsetCommit: { key: 8, min: 2, max: 2 },
  offsetFetch: { key: 9, min: 1, max: 1 },
  findCoordinator: { key: 10, min: 1, max: 1 },
  joinGroup: { key: 11, min: 2, max: 2 },
  heartbeat: { key: 12, min: 1, max: 1 },
  leaveGroup: { key: 13, min: 1, max: 1 },
  syncGroup: { key: 14, min: 1, max: 1 },
  saslHandshake: { key: 17, min: 1, max: 1 },
  apiVersions: { key: 18, min: 0, max: 2 },
  createTopics: { key: 19, min: 1, max: 1 },
  initProducerId: { key: 22, min: 1, max: 1 },
  saslAuthenticate: { key: 36, min: 0, max: 0 },
} as const;

export type KafkaApi = keyof typeof KAFKA_API;

export interface TopicPartitions<T> {
  readonly topic: string;
  readonly partitions: readonly T[];
}

/** What a client asks, as far as an answer needs it. */
export type KafkaQuestion =
  | { readonly api: 'apiVersions' | 'heartbeat' | 'leaveGroup' | 'initProducerId' | 'saslAuthenticate' }
  | { readonly api: 'saslHandshake'; readonly mechanism: string }
  | { readonly api: 'findCoordinator'; readonly key: string }
  /** Topics null: all. */
  | { readonly api: 'metadata'; readonly topics: readonly string[] | null }
  | { readonly api: 'createTopics'; readonly topics: readonly string[] }
  /** `acks` 0: no answer is expected. */
  | { readonly api: 'produce'; readonly acks: number; readonly topics: readonly TopicPartitions<{ readonly partition: number; readonly records: readonly KafkaRecord[] }>[] }
  | { readonly api: 'fetch'; readonly maxWaitMs: number; readonly topics: readonly TopicPartitions<{ readonly partition: number; readonly offset: bigint }>[] }
  | { readonly api: 'listOffsets' | 'offsetCommit' | 'offsetFetch'; readonly topics: readonly TopicPartitions<{ readonly partition: number }>[] }
  | { readonly api: 'joinGroup'; readonly group: string; readonly memberId: string; readonly protocols: readonly { readonly name: string; readonly metadata: Buffer }[] }
  | { readonly api: 'syncGroup'; readonly memberId: string; readonly assignments: readonly { readonly memberId: string; readonly assignment: Buffer }[] };

export interface KafkaRequest {
  readonly version: number;
  readonly correlation: number;
  readonly client: string | null;
  readonly question: KafkaQuestion;
}

const MAX_REQUEST = 100 * 1024 * 1024;
const NAMES = new Map(Object.entries(KAFKA_API).map(([name, { key }]) => [key as number, name as KafkaApi]));

/** The client's side of the Kafka protocol. Takes any split of the bytes. */
export class KafkaRequestParser {
  readonly #queue = new ByteQueue();

  /** Throws `WireError` when the bytes are not Kafka, or a request or version that was not announced. */
  push(chunk: Uint8Array): KafkaRequest[] {
    this.#queue.push(chunk);
    const requests: KafkaRequest[] = [];
    while (this.#queue.length >= 4) {
      const bytes = this.#queue.view();
      const size = bytes.readInt32BE();
      if (size < 8 || size > MAX_REQUEST) throw new WireError('Kafka', `a request of ${size} bytes`);
      if (bytes.length < 4 + size) break;
      requests.push(readRequest(Buffer.from(bytes.subarray(4, 4 + size))));
      this.#queue.drop(4 + size);
    }
    return requests;
  }
}

function readRequest(bytes: Buffer): KafkaRequest {
  const reader = new KafkaReader(bytes);
  const [key, version, correlation, client] = [reader.int16(), reader.int16(), reader.int32(), reader.nullableText()];
  const api = NAMES.get(key);
  if (api === undefined) throw new WireError('Kafka', `request ${key} was not announced`);
  const { min, max } = KAFKA_API[api];
  // Clients ask for versions in one of their own, and go back to one that is known.
  if (api !== 'apiVersions' && (version < min || version > max)) throw new WireError('Kafka', `${api} in version ${version} was not announced`);
  return { version, correlation, client, question: readQuestion(api, reader) };
}

function readQuestion(api: KafkaApi, reader: KafkaReader): KafkaQuestion {
  const byTopic = <T>(read: () => T): readonly TopicPartitions<T>[] => reader.list(() => ({ topic: reader.text(), partitions: reader.list(read) ?? [] })) ?? [];
  switch (api) {
    case 'apiVersions':
    case 'heartbeat':
    case 'leaveGroup':
    case 'initProducerId':
    case 'saslAuthenticate':
      return { api };
    case 'saslHandshake':
      return { api, mechanism: reader.text() };
    case 'findCoordinator':
      return { api, key: reader.text() };
    case 'metadata':
      return { api, topics: reader.list(() => reader.text()) };
    case 'createTopics':
      return {
        api,
        topics: reader.list(() => {
          const topic = reader.text();
          reader.take(4 + 2);
          reader.list(() => [reader.int32(), reader.list(() => reader.int32())]);
          reader.list(() => [reader.text(), reader.nullableText()]);
          return topic;
        }) ?? [],
      };
    case 'produce': {
      reader.nullableText();
      const acks = reader.int16();
      reader.int32();
      return { api, acks, topics: byTopic(() => ({ partition: reader.int32(), records: readRecordBatches(reader.bytes() ?? Buffer.alloc(0)) })) };
    }
    case 'fetch': {
      reader.int32();
      const maxWaitMs = reader.int32();
      reader.take(4 + 4 + 1);
      return {
        api, maxWaitMs,
        topics: byTopic(() => {
          const asked = { partition: reader.int32(), offset: reader.int64() };
          reader.int32();
          return asked;
        }),
      };
    }
    case 'listOffsets':
      reader.int32();
      return { api, topics: byTopic(() => ({ partition: reader.int32(), time: reader.int64() })) };
    case 'offsetCommit':
      reader.text();
      reader.int32();
      reader.text();
      reader.int64();
      return { api, topics: byTopic(() => ({ partition: reader.int32(), offset: reader.int64(), metadata: reader.nullableText() })) };
    case 'offsetFetch':
      reader.text();
      return { api, topics: byTopic(() => ({ partition: reader.int32() })) };
    case 'joinGroup': {
      const group = reader.text();
      reader.take(4 + 4);
      const memberId = reader.text();
      reader.text();
      return { api, group, memberId, protocols: reader.list(() => ({ name: reader.text(), metadata: reader.bytes() ?? Buffer.alloc(0) })) ?? [] };
    }
    case 'syncGroup': {
      reader.text();
      reader.int32();
      const memberId = reader.text();
      return { api, memberId, assignments: reader.list(() => ({ memberId: reader.text(), assignment: reader.bytes() ?? Buffer.alloc(0) })) ?? [] };
    }
  }
}
