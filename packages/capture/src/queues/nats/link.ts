import type { ServerInfo } from '@deja/format';
import type { Delivery } from '../../core/incoming.js';
import { field, methodOf, textField } from '../../drivers/shared/values.js';
import type { Broker, BrokerEvent } from '../shared/broker-event.js';

/** So many requests may wait for replies; the oldest are forgotten. */
const MOST_REQUESTS = 1000;

/** What is known of one client beside what it knows itself. */
export class Link {
  /** By the subject to which replies go. */
  readonly requests = new Map<string, BrokerEvent>();
  /** What was asked last of a subject, for refusals: `publish orders.new`. */
  readonly lastAsked = new Map<string, BrokerEvent>();
  /** Messages that the application has, by the subject on which it settles them. */
  readonly deliveries = new Map<string, Delivery>();
  /** Subscriptions that were made in the course of a request's work, with the event that gathers what they bring. */
  readonly inRequest = new WeakMap<object, BrokerEvent | null>();
  /** The application's own, outside of any request: every message of theirs begins work. */
  readonly own = new WeakSet<object>();
  /** What the server said before it ended the connection. */
  lastError: string | undefined;
  readonly #handler: object;

  constructor(handler: object) {
    this.#handler = handler;
  }

  get broker(): Broker {
    const transport = field(this.#handler, 'transport');
    return { info: () => this.#info(), connection: typeof transport === 'object' && transport !== null ? transport : this.#handler };
  }

  remember(kind: 'requests' | 'lastAsked', subject: string, event: BrokerEvent): void {
    const map = this[kind];
    map.set(subject, event);
    const [oldest] = map.size > MOST_REQUESTS ? map.keys() : [];
    if (oldest !== undefined) map.delete(oldest);
  }

  #info(): Omit<ServerInfo, 'name'> {
    const info = field(this.#handler, 'info');
    const { host, port } = this.address();
    const version = textField(info, 'version');
    const settings = Object.fromEntries(['max_payload', 'headers', 'jetstream'].flatMap((name) => (field(info, name) === undefined ? [] : [[name, field(info, name)]])));
    return {
      kind: 'nats', host, port,
      ...(field(info, 'tls_required') === true ? { tls: true } : {}),
      ...(version === undefined ? {} : { version }),
      ...(Object.keys(settings).length === 0 ? {} : { settings }),
    };
  }

  address(): { readonly host: string; readonly port: number } {
    const server = field(this.#handler, 'server') ?? methodOf(field(this.#handler, 'servers'), 'getCurrentServer')();
    return { host: textField(server, 'hostname') ?? 'localhost', port: Number(field(server, 'port') ?? 4222) };
  }
}

const links = new WeakMap<object, Link>();

/** Of a client's protocol handler. */
export function linkOf(handler: unknown): Link | null {
  if (typeof handler !== 'object' || handler === null) return null;
  const known = links.get(handler) ?? new Link(handler);
  links.set(handler, known);
  return known;
}
