import type { EventBody, IoPhase, Outcome, RedisReply, ServerInfo } from '@deja/format';
import type { LiveEvent, OpenEvent, Packing, Recorder } from '../../core/recorder.js';
import { connectPhase, ioErrorOf, nameOf } from '../shared/io-error.js';
import { sessionOf } from '../shared/sessions.js';
import { field, textField } from '../shared/values.js';
import type { RedisEndpoint } from './endpoint.js';
import { argumentName, replyName } from './names.js';
import { bytesOf, sizeOf, toArgument, toReply } from './reply.js';

const OVERHEAD = 200;
const UNKEPT = Symbol('not kept');

/** One command, or a published message that arrived. */
export class RedisCommandEvent implements LiveEvent {
  readonly kind = 'redis';
  #endpoint: RedisEndpoint;
  readonly #args: readonly unknown[];
  #open: OpenEvent | null = null;
  #connection: object;
  readonly #push: boolean;
  #sent = false;
  #state: 'open' | 'ok' | 'error' = 'open';
  #reply: unknown;
  #error: unknown;

  private constructor(endpoint: RedisEndpoint, connection: object, args: readonly unknown[], push = false) {
    this.#push = push;
    this.#endpoint = endpoint;
    this.#connection = connection;
    this.#args = args;
  }

  /** Null when nothing is recorded here. `args` is kept by reference: the command's name and arguments as they go onto the wire. */
  static begin(recorder: Recorder, endpoint: RedisEndpoint, connection: object, args: readonly unknown[]): RedisCommandEvent | null {
    const event = new RedisCommandEvent(endpoint, connection, args);
    event.#open = recorder.begin(event);
    if (event.#open === null) return null;
    event.#open.keep(OVERHEAD + sizeOf(args));
    return event;
  }

  /** A message has arrived, and nobody has heard of it yet. `reply`: its kind, the pattern if there is one, its channel, and what was published. */
  static pushed(recorder: Recorder, endpoint: RedisEndpoint, connection: object, reply: readonly unknown[]): void {
    const command = reply.slice(0, -1);
    const event = new RedisCommandEvent(endpoint, connection, command, true);
    event.#open = recorder.begin(event);
    event.#open?.keep(OVERHEAD + sizeOf(command));
    event.replied(reply.at(-1));
  }

  /** A connection ended that had nothing to do but wait for messages. */
  static lost(recorder: Recorder, endpoint: RedisEndpoint, connection: object, error: unknown): void {
    const event = new RedisCommandEvent(endpoint, connection, ['close'], true);
    event.#open = recorder.begin(event);
    event.#open?.keep(OVERHEAD);
    event.sent(connection);
    event.failed(error);
  }

  get ended(): boolean {
    return this.#state !== 'open';
  }

  /** It was written to this connection, which leads there. */
  sent(connection: object, endpoint: RedisEndpoint = this.#endpoint): void {
    this.#sent = true;
    this.#connection = connection;
    this.#endpoint = endpoint;
  }

  replied(reply: unknown): void {
    if (this.#state !== 'open') return;
    this.#state = 'ok';
    this.#reply = this.#open?.keep(sizeOf(reply)) === false ? UNKEPT : reply;
    this.#noteVersion(reply);
    this.#open?.end();
  }

  failed(error: unknown): void {
    if (this.#state !== 'open') return;
    this.#state = 'error';
    this.#error = error;
    this.#open?.end();
  }

  toBody(pack: Packing): EventBody {
    const redact = (name: string, value: string): string => pack.redact(name, value);
    const names = this.#args.map(plain);
    const { version, ...server } = this.#endpoint;
    const info: Omit<ServerInfo, 'name'> = { kind: 'redis', ...server, ...(version === undefined ? {} : { version }) };
    return {
      kind: 'redis',
      server: pack.server(info),
      session: sessionOf(this.#connection),
      ...(this.#push ? { push: true } : {}),
      command: this.#args.map((arg, index) => toArgument(arg, argumentName(names, index), redact)),
      outcome: this.#outcome(pack, names, redact),
    };
  }

  #outcome(pack: Packing, names: readonly string[], redact: (name: string, value: string) => string): Outcome<RedisReply> {
    switch (this.#state) {
      case 'open':
        return { pending: {} };
      case 'error':
        return { error: ioErrorOf(this.#error, redact, this.#where()) };
      case 'ok': {
        if (this.#reply === UNKEPT) {
          pack.limit(`the reply to a Redis command was not kept: ${names.slice(0, 2).join(' ')}`);
          return { pending: {} };
        }
        return { ok: toReply(this.#reply, names[0]?.toLowerCase() ?? '', (path) => replyName(names, path), redact) };
      }
    }
  }

  /** An error that the server sent has no place of its own: the exchange worked. */
  #where(): { readonly phase?: IoPhase; readonly code?: string } {
    const name = nameOf(this.#error);
    const message = textField(this.#error, 'message') ?? '';
    if (name === 'ReplyError' || name === 'ErrorReply' || name === 'SimpleError' || name === 'BlobError') return { code: message.split(' ')[0] ?? '' };
    return { phase: this.#sent ? 'wait' : connectPhase(this.#error) };
  }

  #noteVersion(reply: unknown): void {
    if (this.#endpoint.version !== undefined) return;
    const command = plain(this.#args[0]).toLowerCase();
    if (command === 'info') this.#endpoint.version = /redis_version:(\S+)/.exec(plain(reply))?.[1];
    if (command === 'hello') this.#endpoint.version = plain(Array.isArray(reply) ? reply[reply.findIndex((one) => plain(one) === 'version') + 1] : field(reply, 'version')) || undefined;
  }
}

function plain(value: unknown): string {
  const text = value instanceof Uint8Array ? bytesOf(value) : value;
  return typeof text === 'string' ? text : typeof text === 'number' ? String(text) : '';
}
