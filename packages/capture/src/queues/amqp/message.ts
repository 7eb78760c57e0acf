import type { MessageTrigger } from '@deja/format';
import type { LiveMessage } from '../../core/incoming.js';
import type { Packing } from '../../core/recorder.js';
import { field, textField } from '../../drivers/shared/values.js';
import type { Broker } from '../shared/broker-event.js';
import { packMessage, type RawMessage } from '../shared/raw-message.js';
import { presentProperties } from './methods.js';

/** A delivered message, as the client gives it: `fields` of its method, `properties`, `content`. */
export function rawOf(message: { readonly fields: unknown; readonly properties: unknown; readonly content: unknown }): RawMessage {
  const { fields, properties, content } = message;
  return {
    destination: textField(fields, 'exchange') ?? '',
    key: textField(fields, 'routingKey'),
    properties: {
      deliveryTag: field(fields, 'deliveryTag'),
      ...(field(fields, 'redelivered') === true ? { redelivered: true } : {}),
      ...(typeof properties === 'object' && properties !== null ? presentProperties(properties) : {}),
    },
    body: content instanceof Uint8Array ? content : undefined,
  };
}

export class AmqpMessage implements LiveMessage {
  readonly destination: string;
  readonly key: string;
  readonly #raw: RawMessage;
  readonly #queue: string;
  readonly #broker: Broker;

  constructor(raw: RawMessage, queue: string, broker: Broker) {
    this.destination = raw.destination;
    this.key = typeof raw.key === 'string' ? raw.key : '';
    this.#raw = raw;
    this.#queue = queue;
    this.#broker = broker;
  }

  toTrigger(pack: Packing): MessageTrigger {
    return { kind: 'message', server: pack.server(this.#broker.info()), consumer: { source: this.#queue }, ...packMessage(this.#raw, pack) };
  }
}
