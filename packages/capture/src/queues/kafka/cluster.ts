import type { ServerInfo } from '@deja/format';
import { field, textField } from '../../drivers/shared/values.js';
import type { Broker } from '../shared/broker-event.js';

/** How many partitions the topics have that were asked about: clients choose among them. */
const topics = new Map<string, number>();

/** What a broker says of topics. */
export function noteTopics(metadata: unknown): void {
  const all = field(metadata, 'topicMetadata');
  if (!Array.isArray(all)) return;
  for (const one of all) {
    const [name, partitions] = [textField(one, 'topic'), field(one, 'partitionMetadata')];
    if (name !== undefined && Array.isArray(partitions)) topics.set(name, partitions.length);
  }
}

/** Of a `Broker` of the client. */
export function brokerOf(broker: unknown): Broker | null {
  return brokerAt(field(broker, 'connectionPool'));
}

/** Of a connection, or a pool of them. */
export function brokerAt(connection: unknown): Broker | null {
  const host = textField(connection, 'host');
  return typeof connection !== 'object' || connection === null || host === undefined ? null : { connection, info: () => infoOf(connection, host) };
}

function infoOf(pool: object, host: string): Omit<ServerInfo, 'name'> {
  const tls = Boolean(field(pool, 'ssl'));
  return { kind: 'kafka', host, port: Number(field(pool, 'port') ?? 9092), ...(tls ? { tls } : {}), settings: { topics: Object.fromEntries(topics) } };
}
