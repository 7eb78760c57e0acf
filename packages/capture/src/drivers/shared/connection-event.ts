import type { EventBody } from '@deja/format';
import type { LiveEvent, OpenEvent, Packing, Recorder } from '../../core/recorder.js';
import { connectPhase, ioErrorOf } from './io-error.js';

/** An attempt to connect. Only one that fails, or is still going on, becomes an event: an established connection shows in what it carries. */
export class ConnectionEvent implements LiveEvent {
  readonly kind = 'socket';
  readonly #host: string;
  readonly #port: number;
  readonly #system: string;
  readonly #onPack: ((pack: Packing) => void) | undefined;
  #open: OpenEvent | null = null;
  #error: { readonly error: unknown } | undefined;

  private constructor(system: string, host: string, port: number, onPack: ((pack: Packing) => void) | undefined) {
    this.#onPack = onPack;
    this.#system = system;
    this.#host = host;
    this.#port = port;
  }

  /** `system` as in `db.system.name`. `onPack`: what a package about a failed attempt has to know beside it. */
  static begin(recorder: Recorder, system: string, host: string, port: number, onPack?: (pack: Packing) => void): ConnectionEvent {
    const event = new ConnectionEvent(system, host, port, onPack);
    event.#open = recorder.begin(event);
    return event;
  }

  established(): void {
    this.#open?.drop();
  }

  failed(error: unknown): void {
    if (this.#error !== undefined) return;
    this.#error = { error };
    this.#open?.end();
  }

  toBody(pack: Packing): EventBody {
    if (this.#error !== undefined) this.#onPack?.(pack);
    return {
      kind: 'socket',
      host: this.#host,
      port: this.#port,
      attributes: { 'db.system.name': this.#system },
      outcome:
        this.#error === undefined
          ? { pending: {} }
          : { error: ioErrorOf(this.#error.error, (name, value) => pack.redact(name, value), { phase: connectPhase(this.#error.error) }) },
    };
  }
}
