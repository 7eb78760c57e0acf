import type { ClientHttp2Session, OutgoingHttpHeaders } from 'node:http2';
import { syncBuiltinESMExports } from 'node:module';
import { guarded } from '../../core/guard.js';
import type { Recorder } from '../../core/recorder.js';
import { currentOperation } from '../../drivers/operation.js';
import { hookModule } from '../../hooks/module-hooks.js';
import { claimSocket } from '../../net/claims.js';
import { method, override, parentOf } from '../patch.js';
import { Http2Exchange } from './exchange.js';
import { ConnectionExchange, SESSION, SessionState } from './session.js';
import { EXCHANGE, patchStreams, type ObservedStream } from './streams.js';
import { takeSender } from './undici-sender.js';

const CONNECTION = Symbol('deja.connection');

type Session = ClientHttp2Session & { [SESSION]?: SessionState; [CONNECTION]?: ConnectionExchange | undefined };
type Connect = (this: unknown, ...args: unknown[]) => Session;

/**
 * Node's own HTTP/2 client, which gRPC, got and undici use as well. Loading it is dear, so it is hooked when the application loads it; its classes
 * cannot be had by name, so they are patched when their first object is made.
 */
export function installHttp2Client(recorder: Recorder, cap: number): Disposable {
  const hooks = new Http2Hooks(recorder, cap);
  for (const name of ['node:http2', 'http2']) hookModule(name, (exports) => hooks.patchModule(exports as { connect: unknown }));
  return { [Symbol.dispose]: () => hooks.stop() };
}

class Http2Hooks {
  readonly #recorder: Recorder;
  readonly #cap: number;
  readonly #patched = new WeakSet();
  #stopped = false;

  constructor(recorder: Recorder, cap: number) {
    this.#recorder = recorder;
    this.#cap = cap;
  }

  stop(): void {
    this.#stopped = true;
  }

  patchModule(module: { connect: unknown }): void {
    if (this.#patched.has(module)) return;
    this.#patched.add(module);
    const original = method(module, 'connect') as Connect;
    const connected = this.#connected;
    override(module, 'connect', function connect(this: unknown, ...args: unknown[]) {
      const session = original.apply(this, args);
      connected(session, args[0]);
      return session;
    });
    syncBuiltinESMExports();
  }

  readonly #connected = guarded('connections of HTTP/2', (session: Session, authority: unknown) => {
    if (this.#stopped) return;
    // The public name gives a stand-in.
    for (const symbol of Object.getOwnPropertySymbols(session)) if (symbol.description === 'socket') claimSocket(Reflect.get(session, symbol));
    const prototype = Object.getPrototypeOf(session) as Session;
    if (!this.#patched.has(prototype)) {
      this.#patched.add(prototype);
      this.#patchSessions(prototype);
    }
    const { protocol, host } = new URL(originOf(authority));
    const state = new SessionState(session, `${protocol}//${host}`);
    session[SESSION] = state;
    if (state.connected) return;
    const connection = new ConnectionExchange(state.origin);
    if (connection.begin(this.#recorder)) session[CONNECTION] = connection;
  }, undefined);

  readonly #requested = guarded('requests of HTTP/2', (session: Session, stream: ObservedStream, given: OutgoingHttpHeaders) => {
    const state = session[SESSION];
    if (this.#stopped || !state) return;
    session[CONNECTION]?.dropped();
    session[CONNECTION] = undefined;
    // undici tells of the request itself, in the context in which it was asked for.
    const sender = takeSender();
    if (sender) {
      sender.overHttp2(stream);
      state.open.add(sender);
      stream.once('close', () => state.open.delete(sender));
      return;
    }
    const prototype = Object.getPrototypeOf(stream) as ObservedStream;
    if (!this.#patched.has(prototype)) {
      this.#patched.add(prototype);
      patchStreams(prototype);
    }
    const exchange = new Http2Exchange(stream, given, state, this.#cap, currentOperation());
    if (!exchange.begin(this.#recorder)) return;
    stream[EXCHANGE] = exchange;
    state.open.add(exchange);
  }, undefined);

  readonly #ofSession = guarded('events of HTTP/2 connections', (session: Session, args: readonly unknown[]) => {
    const state = session[SESSION];
    if (!state) return;
    if (args[0] === 'connect') {
      state.connected = true;
      session[CONNECTION]?.dropped();
    } else if (args[0] === 'goaway') {
      for (const exchange of state.open) exchange.goingAway(Number(args[1]));
    } else if (args[0] === 'error') {
      session[CONNECTION]?.broke(args[1]);
    } else if (args[0] === 'close' && !state.connected) {
      session[CONNECTION]?.broke(Object.assign(new Error('The connection was closed'), { code: 'ERR_SOCKET_CLOSED' }));
    }
  }, undefined);

  #patchSessions(prototype: Session): void {
    const parent = parentOf<'emit'>(prototype);
    const request = method(prototype, 'request');
    const { emit } = parent;
    const [requested, ofSession] = [this.#requested, this.#ofSession];
    override(prototype, 'request', function requesting(this: Session, ...args: unknown[]) {
      const stream = request.apply(this, args) as ObservedStream;
      requested(this, stream, (args[0] ?? {}) as OutgoingHttpHeaders);
      return stream;
    });
    override(prototype, 'emit', function emitting(this: Session, ...args: unknown[]) {
      ofSession(this, args);
      return emit.apply(this, args);
    });
  }
}

/** What `connect` takes: text, a URL, or an object with parts of one. */
function originOf(authority: unknown): string {
  if (typeof authority === 'string') return authority;
  if (authority instanceof URL) return authority.href;
  const { protocol, hostname, host, port } = authority as Partial<Record<'protocol' | 'hostname' | 'host', string> & { readonly port: string | number }>;
  return `${protocol ?? 'https:'}//${hostname ?? host ?? 'localhost'}${port === undefined ? '' : `:${port}`}`;
}
