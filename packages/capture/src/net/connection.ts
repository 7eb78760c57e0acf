import type { Socket } from 'node:net';
import type { TimelineRecorder } from '../core/timeline-recorder.js';
import { followSocket } from './claims.js';
import { type Address, type ConnectionState, type KeptPiece, nextSession, TalkEvent } from './talk-event.js';
import { bytesOf, type SocketListener, tapSocket } from './tap-socket.js';

/** A connection whose protocol no instrumentation knows: its bytes, by the scopes in whose course they were sent. */
export class RawConnection implements SocketListener, ConnectionState {
  readonly address: Address;
  readonly session = nextSession();
  connected = false;
  readonly #recorder: TimelineRecorder;
  readonly #cap: number;
  #tap: Disposable | undefined;
  #talk: TalkEvent;
  #scope: unknown;
  #opening: readonly KeptPiece[] | undefined;
  #claimed = false;
  #serverEnded = false;
  #clientEnded = false;
  #timedOut = false;

  constructor(recorder: TimelineRecorder, address: Address, cap: number) {
    this.#recorder = recorder;
    this.address = address;
    this.#cap = cap;
    this.#talk = new TalkEvent(this, null, cap);
    this.#scope = recorder.currentScope();
  }

  /** False: nothing is recorded here. */
  begin(socket: Socket): boolean {
    if (!this.#talk.begin(this.#recorder)) return false;
    this.#follow(socket);
    return true;
  }

  /** From here on the application speaks over this socket, which encrypts what goes over the other. */
  secured(socket: Socket): void {
    if (this.#claimed) return;
    this.#tap?.[Symbol.dispose]();
    this.#talk.secured();
    this.#follow(socket);
  }

  claimed(): void {
    if (this.#claimed) return;
    this.#claimed = true;
    this.#tap?.[Symbol.dispose]();
    this.#talk.drop();
  }

  add(from: 'client' | 'server', chunk: unknown, encoding?: unknown): void {
    if (from === 'server' && chunk === null && !this.#clientEnded) this.#serverEnds();
    const bytes = bytesOf(chunk, encoding);
    if (bytes === null) return;
    if (from === 'client') this.#intoScope();
    this.#talk.add(from, bytes);
  }

  happened(event: unknown, argument: unknown): void {
    switch (event) {
      case 'connect':
        this.connected = !this.address.tls;
        break;
      case 'secureConnect':
        this.connected = true;
        break;
      case 'finish':
        this.#clientEnded = true;
        break;
      case 'timeout':
        this.#timedOut = true;
        break;
      case 'error':
        // At once: the application may fail of it before the connection is closed.
        this.#talk.failed(argument);
        break;
      case 'close':
        this.#tap?.[Symbol.dispose]();
        this.#close();
        break;
      default:
    }
  }

  #follow(socket: Socket): void {
    this.#tap = tapSocket(socket, this, 'connections');
    followSocket(socket, this);
  }

  /** Pooled connections serve one request after the other: each has what was said for it. */
  #intoScope(): void {
    const scope = this.#recorder.currentScope();
    if (scope === this.#scope || scope === undefined) return;
    // What was said at the start is in every package.
    this.#opening ??= this.#scope === this.#recorder.boot ? [] : this.#talk.beginning();
    this.#scope = scope;
    this.#talk.over();
    this.#talk = new TalkEvent(this, this.#opening, this.#cap);
    this.#talk.begin(this.#recorder);
  }

  #serverEnds(): void {
    this.#serverEnded = true;
    this.#talk.ends('server', 'fin');
  }

  #close(): void {
    if (!this.#serverEnded) this.#talk.ends('client', this.#timedOut ? 'timeout' : 'fin');
    this.#talk.over();
  }
}
