import type { ServerInfo } from '@deja/format';
import { field, textField } from '../../drivers/shared/values.js';
import type { Broker, BrokerEvent } from '../shared/broker-event.js';
import type { Delivery } from '../../core/incoming.js';

export interface AmqpEndpoint {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

const endpoints = new WeakMap<object, AmqpEndpoint>();

export function noteEndpoint(connection: object, endpoint: AmqpEndpoint): void {
  endpoints.set(connection, endpoint);
}

/** Null for a connection that was not seen to be made. */
export function brokerOf(connection: unknown): Broker | null {
  if (typeof connection !== 'object' || connection === null) return null;
  const endpoint = endpoints.get(connection);
  return endpoint === undefined ? null : { connection, info: () => infoOf(connection, endpoint) };
}

function infoOf(connection: object, { host, port, tls }: AmqpEndpoint): Omit<ServerInfo, 'name'> {
  const version = textField(field(connection, 'serverProperties'), 'version');
  return { kind: 'amqp', host, port, ...(tls ? { tls } : {}), ...(version === undefined ? {} : { version }) };
}

/** Whose messages a consumer's are. */
export interface Consumer {
  readonly queue: string;
  readonly noAck: boolean;
  /** It consumes in the course of a request's work: what comes is no work of its own, but belongs to this. */
  readonly within: BrokerEvent | null | undefined;
}

/** A message that comes in by frames, in answer to a question. */
export interface Arriving {
  readonly event: BrokerEvent;
  readonly fields: unknown;
  properties: unknown;
  left: number;
  readonly chunks: Uint8Array[];
}

const MOST_UNCONFIRMED = 10_000;

/** What is known of a channel beside what it knows itself. */
export class ChannelLink {
  readonly consumers = new Map<string, Consumer>();
  /** Messages that the application has, by delivery tag. */
  readonly deliveries = new Map<number, Delivery>();
  /** By the number of their publishing. */
  readonly unconfirmed = new Map<number, BrokerEvent>();
  /** By class and method, for what the server refuses late. */
  readonly lastAsked = new Map<number, BrokerEvent>();
  arriving: Arriving | undefined;

  publishedAs(tag: number, event: BrokerEvent): void {
    this.unconfirmed.set(tag, event);
    const [oldest] = this.unconfirmed.size > MOST_UNCONFIRMED ? this.unconfirmed.keys() : [];
    if (oldest !== undefined) this.unconfirmed.delete(oldest);
  }

  confirmed(tag: number, multiple: boolean, how: (event: BrokerEvent) => void): void {
    for (const [number, event] of this.unconfirmed) {
      if (number !== tag && !(multiple && number < tag)) continue;
      this.unconfirmed.delete(number);
      how(event);
    }
  }

  settled(tag: number, multiple: boolean, how: (delivery: Delivery) => void): void {
    for (const [number, delivery] of this.deliveries) {
      if (number !== tag && !(multiple && (number < tag || tag === 0))) continue;
      this.deliveries.delete(number);
      how(delivery);
    }
  }
}

const channels = new WeakMap<object, ChannelLink>();

export function channelOf(channel: unknown): ChannelLink {
  if (typeof channel !== 'object' || channel === null) return new ChannelLink();
  const known = channels.get(channel) ?? new ChannelLink();
  channels.set(channel, known);
  return known;
}
