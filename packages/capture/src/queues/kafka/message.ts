import type { HeaderList, Message, MessageTrigger } from '@deja/format';
import type { LiveMessage } from '../../core/incoming.js';
import type { Packing } from '../../core/recorder.js';
import { field, textField } from '../../drivers/shared/values.js';
import type { Broker } from '../shared/broker-event.js';
import { packMessage, type RawMessage } from '../shared/raw-message.js';

export function keyBytes(key: unknown): Uint8Array | string | undefined {
  return key instanceof Uint8Array || typeof key === 'string' ? key : undefined;
}

/** Values are bytes or texts, or lists of them. */
export function headersOf(headers: unknown): HeaderList {
  if (typeof headers !== 'object' || headers === null) return [];
  return Object.entries(headers).flatMap(([name, value]: [string, unknown]) => (Array.isArray(value) ? value : [value]).map((one: unknown) => [name, textOf(one)] as const));
}

function textOf(value: unknown): string {
  return value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString() : typeof value === 'string' ? value : '';
}

/** A message as a consumer gets it. */
function rawOf(message: unknown, topic: string, partition: unknown): RawMessage {
  const value = field(message, 'value');
  const headers = field(message, 'headers');
  return {
    destination: topic,
    key: keyBytes(field(message, 'key')),
    headers: () => headersOf(headers),
    properties: { partition, offset: field(message, 'offset'), timestamp: field(message, 'timestamp'), ...(value === null ? { empty: true } : {}) },
    body: value instanceof Uint8Array ? value : undefined,
  };
}

/** A message, or a batch of them, that begins work. */
export class KafkaMessages implements LiveMessage {
  readonly destination: string;
  readonly key?: string;
  readonly #messages: readonly RawMessage[];
  readonly #group: string | undefined;
  readonly #broker: Broker;

  constructor(topic: string, partition: unknown, messages: readonly unknown[], group: string | undefined, broker: Broker) {
    this.destination = topic;
    this.#messages = messages.map((message) => rawOf(message, topic, partition));
    const key = this.#messages[0]?.key;
    if (key instanceof Uint8Array) this.key = Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString();
    this.#group = group;
    this.#broker = broker;
  }

  toTrigger(pack: Packing): MessageTrigger {
    const [first, ...rest] = this.#messages.map((message): Message => packMessage(message, pack));
    return {
      kind: 'message',
      server: pack.server(this.#broker.info()),
      consumer: { source: this.destination, ...(this.#group === undefined ? {} : { group: this.#group }) },
      ...(first ?? { destination: this.destination }),
      ...(rest.length === 0 ? {} : { batch: rest }),
    };
  }
}

/** What `eachBatch` is given. */
export function batchOf(payload: unknown): { readonly topic: string; readonly partition: unknown; readonly messages: readonly unknown[] } {
  const batch = field(payload, 'batch');
  const messages = field(batch, 'messages');
  return { topic: textField(batch, 'topic') ?? '', partition: field(batch, 'partition'), messages: Array.isArray(messages) ? messages : [] };
}
