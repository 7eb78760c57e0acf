import type { EventBody, IoError, MessageAnswer, MessageReply, Outcome, ServerInfo } from '@deja/format';
import { now, rounded } from '../../core/clock.js';
import type { LiveEvent, OpenEvent, Packing, Recorder } from '../../core/recorder.js';
import { ioErrorOf, type ErrorDetails } from '../../drivers/shared/io-error.js';
import { sessionOf } from '../../drivers/shared/sessions.js';
import { packMessage, plainObject, sizeOf, type RawMessage } from './raw-message.js';

/** Where a client's connection leads, as it is known when a failure is packaged. */
export interface Broker {
  info(): Omit<ServerInfo, 'name'>;
  /** The physical connection. */
  readonly connection: object;
}

export interface Asked {
  readonly broker: Broker;
  readonly operation: string;
  readonly message: RawMessage;
  readonly channel?: number | undefined;
}

interface RawReply extends RawMessage {
  readonly ms: number;
}

/** Something that was asked of a broker. */
export class BrokerEvent implements LiveEvent {
  readonly kind = 'message';
  readonly #asked: Asked;
  readonly #replies: RawReply[] = [];
  readonly #began = now();
  #open: OpenEvent | null = null;
  #fields: Readonly<Record<string, unknown>> | undefined;
  #state: 'open' | 'ok' | 'error' = 'open';
  #error: { readonly error: unknown; readonly details: ErrorDetails } | undefined;
  #dropped = 0;

  private constructor(asked: Asked) {
    this.#asked = asked;
  }

  /** Null when nothing is recorded here. */
  static begin(recorder: Recorder, asked: Asked): BrokerEvent | null {
    const event = new BrokerEvent(asked);
    event.#open = recorder.begin(event);
    if (event.#open === null) return null;
    event.#open.keep(sizeOf(asked.message));
    return event;
  }

  /** A connection was made. Whether anything is asked on it or not: without a broker the application might not start. */
  static connected(recorder: Recorder, broker: Broker): void {
    BrokerEvent.begin(recorder, { broker, operation: 'connect', message: { destination: '' } })?.answered();
  }

  /** Something came back; the exchange is over with the first. */
  replied(reply: RawMessage): void {
    if (this.#open?.keep(sizeOf(reply)) === false) this.#dropped += 1;
    else this.#replies.push({ ...reply, ms: now() - this.#began });
    this.answered();
  }

  /** The broker said this of it; that may be before or after its end. */
  told(fields: Readonly<Record<string, unknown>>): void {
    this.#fields = { ...this.#fields, ...fields };
  }

  answered(fields?: Readonly<Record<string, unknown>>): void {
    if (this.#state !== 'open') return;
    this.#state = 'ok';
    if (fields) this.told(fields);
    this.#open?.end();
  }

  /** Also after it seemed to be over: brokers refuse late what nobody waits for. */
  failed(error: unknown, details: ErrorDetails = {}): void {
    if (this.#state === 'error') return;
    this.#state = 'error';
    this.#error = { error, details };
    this.#open?.end();
  }

  toBody(pack: Packing): EventBody {
    const { broker, operation, message, channel } = this.#asked;
    if (this.#dropped > 0) pack.limit(`${this.#dropped} replies to ${operation} ${message.destination} were not kept`);
    return {
      kind: 'message',
      server: pack.server(broker.info()),
      session: sessionOf(broker.connection),
      ...(channel === undefined ? {} : { channel }),
      operation,
      ...packMessage(message, pack),
      outcome: this.#outcome(pack),
    };
  }

  #outcome(pack: Packing): Outcome<MessageAnswer> {
    const replies = this.#replies.map(({ ms, ...reply }): MessageReply => ({ ...packMessage(reply, pack), ms: rounded(ms) }));
    const answer: MessageAnswer = {
      ...(this.#fields === undefined ? {} : { fields: plainObject(this.#fields, pack) }),
      ...(replies.length === 0 ? {} : { replies }),
    };
    switch (this.#state) {
      case 'open':
        return { pending: {} };
      case 'ok':
        return { ok: answer };
      case 'error':
        return { error: this.#ioError(pack), ...(Object.keys(answer).length === 0 ? {} : { partial: answer }) };
    }
  }

  #ioError(pack: Packing): IoError {
    return ioErrorOf(this.#error?.error, (name, value) => pack.redact(name, value), this.#error?.details);
  }
}
