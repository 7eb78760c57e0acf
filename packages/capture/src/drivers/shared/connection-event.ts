import type { EventBody } from '@deja/format';
import type { LiveEvent, OpenEvent, Packing, Recorder } from '../../core/recorder.js';
import { connectPhase, ioErrorOf } from './io-error.js';

/** An attempt to connect. Only one that fails, or is still going on, becomes an event: an established connection shows in what it carries. */
export class ConnectionEvent implements LiveEvent {
  readonly kind = 'socket';
  readonly #host: string;
  readonly #port: number;
  readonly #system: string;
  #open: OpenEvent | null = null;
  #error: { readonly error: unknown } | undefined;

  private constructor(system: string, host: string, port: number) {
    this.#system = system;
    this.#host = host;
    this.#port = port;
  }

  /** `system` as in `db.system.name`. */
  static begin(recorder: Recorder, system: string, host: string, port: number): ConnectionEvent {
    const event = new ConnectionEvent(system, host, port);
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
