import type { Socket } from 'node:net';
import { guarded } from '../core/guard.js';
import { method, override, together } from '../http/patch.js';

/** Who is told what goes over a connection. */
export interface SocketListener {
  add(from: 'client' | 'server', chunk: unknown, encoding?: unknown): void;
  /** Every event of the socket, with its first argument. */
  happened(event: unknown, argument: unknown): void;
}

/** Every byte in both directions, and how it ends, from one socket alone: all others stay untouched. Nothing of its flow is changed. */
export function tapSocket(socket: Socket, to: SocketListener, what: string): Disposable {
  const sent = guarded(`what is sent over ${what}`, (chunk: unknown, encoding: unknown) => to.add('client', chunk, encoding), undefined);
  const received = guarded(`what comes over ${what}`, (chunk: unknown) => to.add('server', chunk), undefined);
  const happened = guarded(`the end of ${what}`, (event: unknown, argument: unknown) => to.happened(event, argument), undefined);
  const [write, end, push, emit] = ['write', 'end', 'push', 'emit'].map((name) => method(socket, name));
  return together([
    override(socket, 'write', function tapped(this: Socket, ...args: unknown[]) {
      sent(args[0], args[1]);
      return write?.apply(this, args);
    }),
    override(socket, 'end', function tapped(this: Socket, ...args: unknown[]) {
      if (!this.writableEnded && typeof args[0] !== 'function') sent(args[0], args[1]);
      return end?.apply(this, args);
    }),
    override(socket, 'push', function tapped(this: Socket, ...args: unknown[]) {
      received(args[0]);
      return push?.apply(this, args);
    }),
    override(socket, 'emit', function tapped(this: Socket, ...args: unknown[]) {
      happened(args[0], args[1]);
      return emit?.apply(this, args);
    }),
  ]);
}

/** The bytes of a chunk as it is given to a stream; null where there are none. */
export function bytesOf(chunk: unknown, encoding?: unknown): Uint8Array | null {
  const bytes = typeof chunk === 'string' ? Buffer.from(chunk, typeof encoding === 'string' && Buffer.isEncoding(encoding) ? encoding : 'utf8') : chunk;
  return bytes instanceof Uint8Array && bytes.byteLength > 0 ? bytes : null;
}
