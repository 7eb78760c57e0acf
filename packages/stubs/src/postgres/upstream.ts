import { connect, type Socket } from 'node:net';
import { type PgBackendMessage, PgBackendParser, PgReader, pgBare, pgParse, pgQuery, pgStartup } from '@deja/wire';
import type { Clock } from '../clock.js';
import type { SqlUpstream } from '../sql/upstream.js';

/** The engine refused the connection, with its own ErrorResponse. */
export class UpstreamRefusal extends Error {
  readonly response: PgBackendMessage;

  constructor(response: PgBackendMessage) {
    super(errorText(response));
    this.name = 'UpstreamRefusal';
    this.response = response;
  }
}

/** One connection to the engine. Messages are read one by one; those that come while nobody reads go to `whenIdle`. */
export class Upstream {
  readonly #socket: Socket;
  readonly #onClock: ((text: string) => string | undefined) | undefined;
  readonly #clock: Clock;
  readonly #parser = new PgBackendParser();
  readonly #arrived: PgBackendMessage[] = [];
  #reader: { resolve(message: PgBackendMessage): void; reject(error: Error): void } | undefined;
  #ended: Error | undefined;
  /** Set while no statement is under way: notifications and the like then go straight to the client. */
  whenIdle: ((message: PgBackendMessage) => void) | undefined;
  whenEnded: (() => void) | undefined;

  private constructor(where: SqlUpstream, clock: Clock) {
    this.#clock = clock;
    this.#onClock = where.onClock;
    this.#socket = 'path' in where ? connect(where.path) : connect(where.port, where.address);
    this.#socket.setNoDelay(true);
    this.#socket.on('data', (chunk: Buffer) => {
      for (const message of this.#parser.push(chunk)) this.#deliver(message);
    });
    this.#socket.on('error', (error) => this.#end(error));
    this.#socket.on('close', () => this.#end(new Error('the engine closed the connection')));
  }

  /** Connect and authenticate. `greeting`: what the engine reported about itself. Throws `UpstreamRefusal`. */
  static async connect(where: SqlUpstream, parameters: ReadonlyMap<string, string>, clock: Clock): Promise<{ readonly upstream: Upstream; readonly greeting: readonly PgBackendMessage[] }> {
    const upstream = new Upstream(where, clock);
    upstream.write(pgStartup(new Map([...parameters, ['user', where.user], ['database', where.database]])));
    const greeting: PgBackendMessage[] = [];
    try {
      for (;;) {
        const message = await upstream.next();
        if (message.kind === 'E') throw new UpstreamRefusal(message);
        if (message.kind === 'R' && message.body.readInt32BE(0) !== 0) throw new Error(`the engine asks the proxy for a password (role ${where.user})`);
        if (message.kind === 'Z') return { upstream, greeting };
        if (message.kind !== 'R') greeting.push(message);
      }
    } catch (error) {
      upstream.close();
      throw error;
    }
  }

  /** Pass a cancel request on, on a connection of its own as the protocol wants it. */
  static cancel(where: SqlUpstream, request: Buffer): void {
    const socket = 'path' in where ? connect(where.path) : connect(where.port, where.address);
    socket.on('error', () => undefined);
    socket.end(request);
  }

  /** A simple query, asking for the time as this engine is to be asked. */
  query(text: string, raw: Buffer): void {
    const own = this.#onClock?.(text);
    this.write(own === undefined ? raw : pgQuery(own));
  }

  /** A statement to be prepared, likewise. */
  parse(name: string, text: string, types: readonly number[], raw?: Buffer): void {
    const own = this.#onClock?.(text);
    this.write(raw && own === undefined ? raw : pgParse(name, own ?? text, types));
  }

  write(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  next(): Promise<PgBackendMessage> {
    const message = this.#arrived.shift();
    if (message) return Promise.resolve(message);
    if (this.#ended) return Promise.reject(this.#ended);
    const working = this.#clock.working();
    return new Promise<PgBackendMessage>((resolve, reject) => {
      this.#reader = { resolve, reject };
    }).finally(() => working[Symbol.dispose]());
  }

  close(): void {
    if (!this.#ended) this.#socket.end(pgBare('X'));
  }

  #deliver(message: PgBackendMessage): void {
    const reader = this.#reader;
    this.#reader = undefined;
    if (reader) reader.resolve(message);
    else if (this.whenIdle) this.whenIdle(message);
    else this.#arrived.push(message);
  }

  #end(error: Error): void {
    if (this.#ended) return;
    this.#ended = error;
    this.#reader?.reject(error);
    this.whenEnded?.();
  }
}

/** Field `M` of an ErrorResponse. */
function errorText(message: PgBackendMessage): string {
  const reader = new PgReader(message.body);
  while (!reader.done) {
    const letter = reader.take(1).toString();
    if (letter === '\0') break;
    const value = reader.text();
    if (letter === 'M') return value;
  }
  return 'the engine refused the connection';
}
