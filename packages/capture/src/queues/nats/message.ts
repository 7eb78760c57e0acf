import type { HeaderList, MessageTrigger } from '@deja/format';
import type { LiveMessage } from '../../core/incoming.js';
import type { Packing } from '../../core/recorder.js';
import { field, textField } from '../../drivers/shared/values.js';
import type { Broker } from '../shared/broker-event.js';
import { packMessage, type RawMessage } from '../shared/raw-message.js';

/** What acknowledgements of JetStream are published to; also the mark of a message that has to be acknowledged. */
export const ACK_PREFIX = '$JS.ACK.';
export const PULL_PREFIX = '$JS.API.CONSUMER.MSG.NEXT.';

/** A message as the parser of the client gives it: `hdr` is the length of the header block, -1 without one. */
export interface Parsed {
  readonly subject: string;
  readonly reply: string;
  readonly sid: number;
  readonly hdr: number;
  readonly bytes: Uint8Array;
}

export function parsed(msg: unknown, data: unknown): Parsed {
  return {
    subject: bytesText(field(msg, 'subject')),
    reply: bytesText(field(msg, 'reply')),
    sid: Number(field(msg, 'sid')),
    hdr: Number(field(msg, 'hdr') ?? -1),
    bytes: data instanceof Uint8Array ? data : new Uint8Array(0),
  };
}

/** The message behind what an application gets: of the core, or of JetStream, which has the other inside. Null: it is none. */
export function parsedOf(value: unknown): Parsed | null {
  const inner = field(value, '_msg') === undefined ? field(value, 'msg') : value;
  const msg = field(inner, '_msg');
  return msg === undefined ? null : parsed(msg, field(inner, '_rdata'));
}

export function rawOf({ subject, reply, hdr, bytes }: Parsed): RawMessage {
  return {
    destination: subject,
    headers: hdr > 0 ? () => headersOf(bytes.subarray(0, hdr)) : undefined,
    properties: { ...(reply === '' ? {} : { reply }), ...statusOf(bytes, hdr) },
    body: hdr > 0 ? bytes.subarray(hdr) : bytes,
  };
}

/** The status line of a header block: `NATS/1.0 503 No Responders`. */
function statusOf(bytes: Uint8Array, hdr: number): { readonly status?: string } {
  if (hdr <= 0) return {};
  const line = Buffer.from(bytes.subarray(0, hdr)).toString('latin1').split('\r\n', 1)[0] ?? '';
  const status = line.slice('NATS/1.0'.length).trim();
  return status === '' ? {} : { status };
}

function headersOf(block: Uint8Array): HeaderList {
  return Buffer.from(block).toString('utf8').split('\r\n').slice(1).flatMap((line) => {
    const colon = line.indexOf(':');
    return colon > 0 ? [[line.slice(0, colon), line.slice(colon + 1).trim()] as const] : [];
  });
}

/** Headers that an application gives with a message. */
export function givenHeaders(headers: unknown): HeaderList {
  const encode = field(headers, 'encode');
  if (typeof encode !== 'function') return [];
  const block: unknown = Reflect.apply(encode as () => unknown, headers, []);
  return block instanceof Uint8Array ? headersOf(block) : [];
}

/** A message that begins work. */
export class NatsMessage implements LiveMessage {
  readonly destination: string;
  readonly #message: Parsed;
  readonly #broker: Broker;
  readonly #subscription: unknown;

  constructor(message: Parsed, subscription: unknown, broker: Broker) {
    this.destination = message.subject;
    this.#message = message;
    this.#subscription = subscription;
    this.#broker = broker;
  }

  toTrigger(pack: Packing): MessageTrigger {
    const queue = textField(this.#subscription, 'queue');
    return {
      kind: 'message',
      server: pack.server(this.#broker.info()),
      consumer: { source: this.#source(), ...(queue === undefined || queue === '' ? {} : { group: queue }) },
      ...packMessage(rawOf(this.#message), pack),
    };
  }

  /** A pulled message comes to an inbox: what names its consumer is where the pull went. */
  #source(): string {
    const subject = textField(this.#subscription, 'subject') ?? '';
    const { reply } = this.#message;
    if (!reply.startsWith(ACK_PREFIX) || !subject.startsWith('_INBOX.')) return subject;
    const parts = reply.split('.');
    // With a domain there are two more in front, and one behind.
    const [stream, consumer] = parts.length >= 11 ? [parts[4], parts[5]] : [parts[2], parts[3]];
    return `${PULL_PREFIX}${stream ?? ''}.${consumer ?? ''}`;
  }
}

function bytesText(value: unknown): string {
  return value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString() : '';
}
