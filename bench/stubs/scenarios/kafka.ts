import { type Admin, CompressionTypes, Kafka, type KafkaConfig, type Producer, type ProducerConfig } from 'kafkajs';
import type { Scenario, Servers, Where } from '../scenario.ts';
import { outcomeOf, timingClass } from '../seen.ts';

interface Asking {
  readonly kafka: Kafka;
  readonly producer: Producer;
  readonly admin: Admin;
}

interface Behaviour {
  readonly name: string;
  readonly ask: (asking: Asking) => Promise<unknown>;
  readonly serve?: Scenario['serve'];
  readonly producer?: ProducerConfig;
  readonly client?: Partial<KafkaConfig>;
}

/** With topics of this scenario's own. */
function withTopics(...topics: readonly (readonly [name: string, partitions: number])[]): Scenario['serve'] {
  return async ({ kafka: start }: Servers) => {
    const at = await start();
    const admin = new Kafka({ brokers: [at.url], logLevel: 0 }).admin();
    await admin.connect();
    await admin.createTopics({ topics: topics.map(([topic, numPartitions]) => ({ topic, numPartitions })), waitForLeaders: true });
    await admin.disconnect();
    return at;
  };
}

const sent = async (sending: ReturnType<Producer['send']>): Promise<unknown> => (await sending).map(({ topicName, partition, errorCode, baseOffset }) => ({ topicName, partition, errorCode, baseOffset }));

const BEHAVIOURS: readonly Behaviour[] = [
  { name: 'a message', serve: withTopics(['b-one', 1]), ask: ({ producer }) => sent(producer.send({ topic: 'b-one', messages: [{ value: 'one' }] })) },
  { name: 'messages one after the other', serve: withTopics(['b-row', 1]), ask: async ({ producer }) => [await sent(producer.send({ topic: 'b-row', messages: [{ value: '1' }] })), await sent(producer.send({ topic: 'b-row', messages: [{ value: '2' }] }))] },
  { name: 'messages at once', serve: withTopics(['b-many', 1]), ask: ({ producer }) => sent(producer.send({ topic: 'b-many', messages: Array.from({ length: 30 }, (_, index) => ({ value: String(index) })) })) },
  { name: 'keys, headers and partitions', serve: withTopics(['b-keys', 3]), ask: ({ producer }) => sent(producer.send({ topic: 'b-keys', messages: [{ key: 'ann', value: 'a', headers: { trace: 'ü', twice: ['1', '2'] } }, { key: Buffer.from([0, 255]), value: Buffer.from([1, 2]), partition: 2 }] })) },
  { name: 'nothing under a key', serve: withTopics(['b-empty', 1]), ask: ({ producer }) => sent(producer.send({ topic: 'b-empty', messages: [{ key: 'gone', value: null }] })) },
  { name: 'several topics', serve: withTopics(['b-left', 1], ['b-right', 1]), ask: ({ producer }) => sent(producer.sendBatch({ topicMessages: [{ topic: 'b-left', messages: [{ value: 'l' }] }, { topic: 'b-right', messages: [{ value: 'r' }] }] })) },
  { name: 'packed messages', serve: withTopics(['b-packed', 1]), ask: ({ producer }) => sent(producer.send({ topic: 'b-packed', compression: CompressionTypes.GZIP, messages: [{ value: 'abc'.repeat(1000) }] })) },
  { name: 'messages that nobody confirms', serve: withTopics(['b-zero', 1]), ask: ({ producer }) => sent(producer.send({ topic: 'b-zero', acks: 0, messages: [{ value: 'x' }] })) },
  { name: 'messages that are written once', serve: withTopics(['b-once', 1]), producer: { idempotent: true }, ask: ({ producer }) => sent(producer.send({ topic: 'b-once', messages: [{ value: 'x' }] })) },
  { name: 'a message that is too large', serve: withTopics(['b-large', 1]), ask: ({ producer }) => sent(producer.send({ topic: 'b-large', messages: [{ value: 'x'.repeat(60_000) }] })) },
  { name: 'a topic that is not there', producer: { allowAutoTopicCreation: false }, ask: ({ producer }) => sent(producer.send({ topic: 'b-missing', messages: [{ value: 'x' }] })) },
  { name: 'a topic that is there already', serve: withTopics(['b-there', 1]), ask: ({ admin }) => admin.createTopics({ topics: [{ topic: 'b-there' }], waitForLeaders: false }) },
  { name: 'a topic that is made', ask: ({ admin }) => admin.createTopics({ topics: [{ topic: 'b-made' }], waitForLeaders: false }) },
  { name: 'a topic that cannot be', ask: ({ admin }) => admin.createTopics({ topics: [{ topic: 'b-wrong', numPartitions: 1, replicationFactor: 9 }], waitForLeaders: false }) },
  { name: 'topics and their partitions', serve: withTopics(['b-known', 4]), ask: async ({ admin }) => (await admin.fetchTopicMetadata({ topics: ['b-known'] })).topics.map(({ name, partitions }) => [name, partitions.length]) },
  { name: 'nothing listens', serve: ({ closed }) => closed(), ask: ({ producer }) => producer.send({ topic: 'b-any', messages: [{ value: 'x' }] }) },
  { name: 'an end instead of an answer', serve: ({ raw }) => raw((socket) => socket.on('error', () => undefined).once('data', () => socket.end())), ask: ({ producer }) => producer.send({ topic: 'b-any', messages: [{ value: 'x' }] }) },
];

async function asked({ ask: use, producer: wanted, client }: Behaviour, at: Where): Promise<unknown> {
  const kafka = new Kafka({ clientId: 'bench', brokers: [`127.0.0.1:${at.port}`], logLevel: 0, retry: { retries: 1, initialRetryTime: 20 }, ...client });
  const [producer, admin] = [kafka.producer(wanted), kafka.admin()];
  return await outcomeOf(async () => {
    await Promise.all([producer.connect(), admin.connect()]);
    const began = performance.now();
    try {
      const outcome = await outcomeOf(() => use({ kafka, producer, admin }));
      return { outcome, took: timingClass(performance.now() - began) };
    } finally {
      await Promise.all([producer.disconnect(), admin.disconnect()]);
    }
  });
}

export const scenarios: readonly Scenario[] = BEHAVIOURS.map((behaviour) => ({
  name: `kafkajs: ${behaviour.name}`,
  serve: behaviour.serve ?? (({ kafka }) => kafka()),
  ask: (at: Where) => asked(behaviour, at),
}));
