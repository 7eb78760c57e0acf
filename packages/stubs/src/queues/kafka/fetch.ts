import { fetchAnswer, type KafkaRecord, type TopicPartitions, writeRecordBatch } from '@deja/wire';

interface Wanted {
  readonly partition: number;
  readonly offset: bigint;
}

/** A client that waits for messages. */
export class KafkaFetch {
  readonly #topics: readonly TopicPartitions<Wanted>[];
  readonly #answer: (body: Buffer) => void;

  /** @param answer called once */
  constructor(topics: readonly TopicPartitions<Wanted>[], answer: (body: Buffer) => void) {
    this.#topics = topics;
    this.#answer = answer;
  }

  covers(topic: string, partition: number): boolean {
    return this.#topics.some((one) => one.topic === topic && one.partitions.some((wanted) => wanted.partition === partition));
  }

  give(topic: string, partition: number, records: readonly KafkaRecord[]): void {
    const batch = writeRecordBatch(records);
    const end = (records.at(-1)?.offset ?? 0n) + 1n;
    this.#answer(fetchAnswer(this.#topics.map((one) => ({
      topic: one.topic,
      partitions: one.partitions.map((wanted) => {
        const meant = one.topic === topic && wanted.partition === partition;
        return { partition: wanted.partition, end: meant ? end : wanted.offset, records: meant ? batch : Buffer.alloc(0) };
      }),
    }))));
  }

  /** Nothing came. */
  empty(): void {
    this.#answer(fetchAnswer(this.#topics.map(({ topic, partitions }) => ({ topic, partitions: partitions.map(({ partition, offset }) => ({ partition, end: offset, records: Buffer.alloc(0) })) }))));
  }
}
