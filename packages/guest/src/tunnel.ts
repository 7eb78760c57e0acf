import { Duplex } from 'node:stream';
import type { TunnelFrame } from './protocol.js';

/** So many bytes may be under way to the other end before it has passed them on: neither is to fill the other's memory. */
const WINDOW = 1024 * 1024;

/**
 * One end of a connection that goes through the protocol. Both ends are the same: what is written here is read there.
 * Destroyed when the other end hangs up, or sends more than it may.
 */
export class Tunnel extends Duplex {
  readonly #connection: number;
  readonly #send: (frame: TunnelFrame, payload?: Uint8Array) => void;
  #underWay = 0;
  #notTaken = 0;
  #goOn: (() => void) | null = null;
  #gone = false;

  constructor(connection: number, send: (frame: TunnelFrame, payload?: Uint8Array) => void) {
    super();
    this.#connection = connection;
    this.#send = send;
  }

  /** A frame that the other end sent. */
  receive(type: TunnelFrame['type'], bytes: number, payload: Uint8Array): void {
    switch (type) {
      case 'bytes':
        this.#notTaken += payload.length;
        // One write that is as long as the window, behind a window that is all but full.
        if (this.#notTaken > 2 * WINDOW) this.destroy(new Error('the other end sent more than it may'));
        else this.push(payload.length === 0 ? null : payload);
        break;
      case 'taken':
        this.#underWay -= bytes;
        if (this.#underWay < WINDOW) this.#continue();
        break;
      case 'hang-up':
        this.#gone = true;
        this.destroy();
        break;
    }
  }

  override _read(): void {
    if (this.#notTaken === 0) return;
    this.#send({ type: 'taken', connection: this.#connection, bytes: this.#notTaken });
    this.#notTaken = 0;
  }

  override _write(chunk: Uint8Array, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    const piece = chunk.subarray(0, WINDOW);
    const rest = chunk.subarray(WINDOW);
    this.#send({ type: 'bytes', connection: this.#connection }, piece);
    this.#underWay += piece.length;
    this.#goOn = () => (rest.length === 0 ? done() : this._write(rest, encoding, done));
    if (this.#underWay < WINDOW) this.#continue();
  }

  override _final(done: () => void): void {
    this.#send({ type: 'bytes', connection: this.#connection });
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.#gone) this.#send({ type: 'hang-up', connection: this.#connection });
    done(error);
  }

  #continue(): void {
    const goOn = this.#goOn;
    this.#goOn = null;
    goOn?.();
  }
}
