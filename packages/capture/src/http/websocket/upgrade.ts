import type { Socket } from 'node:net';
import type { IoError, WebSocketMessage } from '@deja/format';
import type { Packing } from '../../core/recorder.js';
import type { ResponseHead } from '../http-event.js';
import { ioErrorOf } from '../io-error.js';
import { messagesOf } from './messages.js';
import { takeHeads } from './response-head.js';
import { SocketTap } from './tap.js';

export interface ToldUpgrade {
  /** Null: the connection ended before an answer. */
  readonly head: ResponseHead | undefined;
  readonly headAt: number;
  readonly messages: readonly WebSocketMessage[];
}

/** A connection that is, or is to be, one of WebSocket. */
export class Upgrade {
  readonly #tap: SocketTap;
  /** Request and answer are on the tap themselves. */
  readonly #fromStart: boolean;
  #ended: { readonly error: unknown; readonly byApplication: boolean } | undefined = undefined;

  constructor(socket: Socket, head: Uint8Array | undefined, cap: number, admit: (bytes: number) => boolean, over: () => void) {
    this.#fromStart = head === undefined;
    this.#tap = new SocketTap(socket, cap, admit, (error, byApplication) => {
      this.#ended = { error, byApplication };
      over();
    });
    if (head) this.#tap.add('server', head);
  }

  stop(): void {
    this.#tap.stop();
  }

  /** Everything that went over it, with the head where no client told it. */
  told(known: ResponseHead | undefined, knownAt: number, pack: Packing, what: string): ToldUpgrade {
    const { pieces, missing } = this.#tap;
    if (missing > 0) pack.limit(`${what.replace('response body', 'messages')} cut: ${missing} bytes more were seen`);
    if (!this.#fromStart) return { head: known, headAt: knownAt, messages: messagesOf(pieces, knownAt, pack) };
    const taken = takeHeads(pieces);
    if (!taken) return { head: known, headAt: knownAt, messages: [] };
    const { status, statusText, headers } = taken.head;
    const headAt = known ? knownAt : (pieces.find(({ from }) => from === 'server')?.at ?? 0);
    return { head: known ?? { status, statusText, headers: () => headers }, headAt, messages: messagesOf(taken.rest, headAt, pack) };
  }

  /** How it was cut. */
  error(): IoError {
    const { error, byApplication } = this.#ended ?? { error: undefined, byApplication: false };
    const known = ioErrorOf(error ?? Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }), 'receive');
    return byApplication ? { ...known, fields: { aborted: 'client' } } : known;
  }
}
