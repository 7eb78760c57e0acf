import { ByteQueue } from '../byte-queue.js';
import { WireError } from '../error.js';
import { readMethod, writeMethod, type AmqpMethod, type AmqpMethodName } from './methods.js';
import { readContentHeader, writeContentHeader } from './properties.js';
import type { AmqpTable } from './table.js';

/** What a client sends: the protocol's header first, then methods, some with a content; beats of its heart. */
export type AmqpClientEvent =
  | { readonly kind: 'protocol' }
  | { readonly kind: 'heartbeat' }
  | { readonly kind: 'method'; readonly channel: number; readonly method: AmqpMethod }
  | { readonly kind: 'content'; readonly channel: number; readonly method: AmqpMethod; readonly properties: AmqpTable; readonly payload: Buffer };

const PROTOCOL = Buffer.from('AMQP\0\0\x09\x01', 'latin1');
const [METHOD, HEADER, BODY, HEARTBEAT] = [1, 2, 3, 8];
const FRAME_END = 0xce;
const HEAD = 7;
/** Of what clients may send at once, and of a whole content: RabbitMQ's own bound. */
const MAX_FRAME = 16 * 1024 * 1024;
const MAX_CONTENT = 512 * 1024 * 1024;

interface Unfinished {
  readonly method: AmqpMethod;
  properties: AmqpTable | undefined;
  left: number;
  readonly chunks: Buffer[];
}

/** The client's side of AMQP 0-9-1. Takes any split of the bytes. */
export class AmqpClientParser {
  readonly #queue = new ByteQueue();
  readonly #unfinished = new Map<number, Unfinished>();
  #greeted = false;

  /** Throws `WireError` when the bytes are not AMQP 0-9-1. */
  push(chunk: Uint8Array): AmqpClientEvent[] {
    this.#queue.push(chunk);
    const events: AmqpClientEvent[] = [];
    const bytes = this.#queue.view();
    let at = 0;
    if (!this.#greeted) {
      const start = bytes.subarray(0, PROTOCOL.length);
      if (!start.equals(PROTOCOL.subarray(0, start.length))) throw new WireError('AMQP', 'the client does not speak AMQP 0-9-1');
      if (start.length < PROTOCOL.length) return events;
      this.#greeted = true;
      at = PROTOCOL.length;
      events.push({ kind: 'protocol' });
    }
    while (bytes.length - at >= HEAD) {
      const size = bytes.readUInt32BE(at + 3);
      if (size > MAX_FRAME) throw new WireError('AMQP', `a frame of ${size} bytes`);
      const end = at + HEAD + size;
      if (bytes.length <= end) break;
      if (bytes[end] !== FRAME_END) throw new WireError('AMQP', 'a frame does not end where its length says');
      const event = this.#frame(bytes[at] ?? 0, bytes.readUInt16BE(at + 1), Buffer.from(bytes.subarray(at + HEAD, end)));
      if (event) events.push(event);
      at = end + 1;
    }
    this.#queue.drop(at);
    return events;
  }

  #frame(type: number, channel: number, payload: Buffer): AmqpClientEvent | null {
    if (type === HEARTBEAT) return { kind: 'heartbeat' };
    if (type === METHOD) {
      const method = readMethod(payload);
      if (method.name !== 'basic.publish') return { kind: 'method', channel, method };
      this.#unfinished.set(channel, { method, properties: undefined, left: 0, chunks: [] });
      return null;
    }
    const content = this.#unfinished.get(channel);
    if (type === HEADER && content && content.properties === undefined) {
      const { size, properties } = readContentHeader(payload);
      if (size > MAX_CONTENT) throw new WireError('AMQP', `a content of ${size} bytes`);
      content.properties = properties;
      content.left = size;
    } else if (type === BODY && content?.properties !== undefined && payload.length <= content.left) {
      content.chunks.push(payload);
      content.left -= payload.length;
    } else {
      throw new WireError('AMQP', `a frame of type ${type} where none is expected`);
    }
    if (content.left > 0) return null;
    this.#unfinished.delete(channel);
    return { kind: 'content', channel, method: content.method, properties: content.properties, payload: Buffer.concat(content.chunks) };
  }
}

function frame(type: number, channel: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(HEAD);
  head[0] = type;
  head.writeUInt16BE(channel, 1);
  head.writeUInt32BE(payload.length, 3);
  return Buffer.concat([head, payload, Buffer.from([FRAME_END])]);
}

export const AMQP_HEARTBEAT = frame(HEARTBEAT, 0, Buffer.alloc(0));
/** What a server says to a client that speaks another version. */
export const AMQP_PROTOCOL = PROTOCOL;

export function amqpMethod(channel: number, name: AmqpMethodName, fields: AmqpTable = {}): Buffer {
  return frame(METHOD, channel, writeMethod(name, fields));
}

/** A method with its content, in frames of at most `frameMax` bytes. */
export function amqpContent(channel: number, method: AmqpMethod, content: { readonly properties: AmqpTable; readonly payload: Buffer }, frameMax: number): Buffer {
  const { properties, payload } = content;
  const frames = [amqpMethod(channel, method.name, method.fields), frame(HEADER, channel, writeContentHeader({ size: payload.length, properties }))];
  const step = frameMax - HEAD - 1;
  for (let at = 0; at < payload.length; at += step) frames.push(frame(BODY, channel, payload.subarray(at, at + step)));
  return Buffer.concat(frames);
}
