import type { EventBody, IoError, MongodbReply, Outcome } from '@deja/format';
import type { LiveEvent, OpenEvent, Packing, Recorder } from '../../core/recorder.js';
import { ioErrorOf } from '../shared/io-error.js';
import { sessionOf } from '../shared/sessions.js';
import type { Documents, Redact } from './documents.js';
import { endpointOfConnection, packServer } from './endpoint.js';

const OVERHEAD = 200;
/** Before the body of a message. */
const HEADER = 16;

/** One command: the bytes that the driver sent, and those that came back. */
export class MongodbCommandEvent implements LiveEvent {
  readonly kind = 'mongodb';
  readonly #connection: object;
  readonly #documents: Documents;
  readonly #database: string;
  readonly #name: string;
  #open: OpenEvent | null = null;
  #sent: readonly Uint8Array[] | undefined;
  #reply: Uint8Array | undefined;
  #missing = false;
  #failed: { readonly error: unknown } | undefined;

  private constructor(connection: object, documents: Documents, database: string, name: string) {
    this.#connection = connection;
    this.#documents = documents;
    this.#database = database;
    this.#name = name;
  }

  /** Null when nothing is recorded here. */
  static begin(recorder: Recorder, connection: object, documents: Documents, database: string, name: string): MongodbCommandEvent | null {
    const event = new MongodbCommandEvent(connection, documents, database, name);
    event.#open = recorder.begin(event);
    return event.#open === null || !event.#open.keep(OVERHEAD) ? null : event;
  }

  get ended(): boolean {
    return this.#reply !== undefined || this.#missing || this.#failed !== undefined;
  }

  /** The message is about to be written, header and all. */
  sent(pieces: readonly Uint8Array[]): void {
    if (this.#sent === undefined && this.#keep(pieces.reduce((sum, piece) => sum + piece.byteLength, 0))) this.#sent = pieces;
  }

  /** The body of the answer. */
  answered(body: Uint8Array): void {
    if (this.ended) return;
    if (this.#keep(body.byteLength)) this.#reply = body;
    this.#open?.end();
  }

  failed(error: unknown): void {
    if (this.ended) return;
    this.#failed = { error };
    this.#open?.end();
  }

  #keep(bytes: number): boolean {
    if (this.#open?.keep(bytes) === true) return true;
    this.#missing = true;
    return false;
  }

  toBody(pack: Packing): EventBody {
    const redact: Redact = (name, value) => pack.redact(name, value);
    if (this.#missing) pack.limit(`a command of MongoDB or its reply was not kept: ${this.#name}`);
    return {
      kind: 'mongodb',
      server: packServer(endpointOfConnection(this.#connection), pack, this.#documents),
      session: sessionOf(this.#connection),
      database: this.#database,
      name: this.#name,
      command: this.#sent === undefined ? JSON.stringify({ [this.#name]: null }) : this.#documents.ofMessage(withoutHeader(this.#sent), redact).text,
      outcome: this.#outcome(redact),
    };
  }

  #outcome(redact: Redact): Outcome<MongodbReply> {
    if (this.#failed !== undefined) return { error: ioErrorOf(this.#failed.error, redact, { phase: this.#sent === undefined ? 'send' : 'wait' }) };
    if (this.#reply === undefined) return { pending: {} };
    const { text, document } = this.#documents.ofMessage([this.#reply], redact);
    const error = refusal(document, redact);
    return error === null ? { ok: { reply: text } } : { error, partial: { reply: text } };
  }
}

/** `ok: 0`, in whatever number type. */
function refusal(reply: Readonly<Record<string, unknown>>, redact: Redact): IoError | null {
  if (numberOf(reply['ok']) !== 0) return null;
  const { errmsg, code, codeName } = reply;
  return {
    name: 'MongoServerError',
    message: redact('message', typeof errmsg === 'string' ? errmsg : ''),
    ...(code === undefined ? {} : { code: String(numberOf(code)) }),
    ...(typeof codeName === 'string' ? { fields: { codeName } } : {}),
  };
}

function numberOf(value: unknown): number {
  return Number(typeof value === 'object' && value !== null ? Object.values(value)[0] : value);
}

/** The header may be within the first piece, or be it. */
function withoutHeader([first = new Uint8Array(0), ...rest]: readonly Uint8Array[]): readonly Uint8Array[] {
  return [first.subarray(HEADER), ...rest];
}
