import type { Socket } from 'node:net';
import { now } from '../../core/clock.js';
import { bytesOf, tapSocket } from '../../net/tap-socket.js';

/** Bytes of one side, by reference. */
export interface TappedPiece {
  readonly from: 'client' | 'server';
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** What happens on a connection that was upgraded: every byte in both directions, and how it ends. Nothing of its flow is changed. */
export class SocketTap {
  readonly pieces: TappedPiece[] = [];
  /** Bytes that were seen and not kept. */
  missing = 0;
  readonly #cap: number;
  readonly #admit: (bytes: number) => boolean;
  readonly #ended: (error: unknown, byApplication: boolean) => void;
  readonly #taps: Disposable;
  #kept = 0;
  #error: unknown = undefined;
  #serverEnded = false;

  constructor(socket: Socket, cap: number, admit: (bytes: number) => boolean, ended: (error: unknown, byApplication: boolean) => void) {
    this.#cap = cap;
    this.#admit = admit;
    this.#ended = ended;
    this.#taps = tapSocket(socket, this, 'WebSockets');
  }

  add(from: TappedPiece['from'], chunk: unknown, encoding?: unknown): void {
    const bytes = bytesOf(chunk, encoding);
    if (bytes === null) return;
    // A hole would make everything after it unreadable.
    if (this.missing > 0 || this.#kept + bytes.byteLength > this.#cap || !this.#admit(bytes.byteLength)) {
      this.missing += bytes.byteLength;
      return;
    }
    this.#kept += bytes.byteLength;
    this.pieces.push({ from, at: now(), bytes });
  }

  happened(event: unknown, argument: unknown): void {
    if (event === 'error') this.#error = argument;
    if (event === 'end') this.#serverEnded = true;
    if (event !== 'close') return;
    this.stop();
    this.#ended(this.#error, this.#error === undefined && !this.#serverEnded);
  }

  stop(): void {
    this.#taps[Symbol.dispose]();
  }
}
