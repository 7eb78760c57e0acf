/** Messages: NATS, AMQP, Kafka. */
import type { Body, EventBase, Outcome } from './base.js';
import type { HeaderList } from './http.js';

/** A message of a broker. */
export interface Message {
  /** NATS: subject; AMQP: exchange (empty: the default one); Kafka: topic. */
  readonly destination: string;
  /** AMQP: routing key. Kafka: the key, if it has one. */
  readonly key?: string | { readonly base64: string };
  /** NATS and Kafka, in wire order. Those of AMQP have types and are among the properties. */
  readonly headers?: HeaderList;
  /** What else the protocol says of it, under the client library's names: `reply` of NATS, `contentType` and `headers` of AMQP, `partition` of Kafka. */
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly body?: Body;
}

/** A message that came back, and when. */
export interface MessageReply extends Message {
  /** Milliseconds from the beginning of the exchange. */
  readonly ms?: number;
}

export interface MessageAnswer {
  /** What the broker said: the name and counts of a declared queue, partition and offset of what was written. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** What came back, in order: replies to a request, the message that was asked for. */
  readonly replies?: readonly MessageReply[];
}

/** Something that a client asked of a broker. A message that began work of its own is a trigger, not an event. */
export interface MessageEvent extends EventBase, Message {
  readonly kind: 'message';
  /** Name of an entry of `servers`. */
  readonly server: string;
  readonly session: number;
  /** AMQP: number of the channel within its connection, in order of opening. */
  readonly channel?: number;
  /**
   * `connect`, `publish`, `request` (with replies), `subscribe`, `ack`, `nack`, `disconnect` (the connection was lost); else what the protocol calls it:
   * `queue.declare`, `basic.get`.
   */
  readonly operation: string;
  readonly outcome: Outcome<MessageAnswer>;
}
