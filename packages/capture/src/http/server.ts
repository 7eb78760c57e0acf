import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import { guarded } from '../core/guard.js';
import { KeptBytes } from '../core/kept-bytes.js';
import type { RequestScope } from '../core/scope.js';
import type { TimelineRecorder } from '../core/timeline-recorder.js';
import { localAddressOf } from './local-address.js';
import { http, https } from './node-http.js';
import { override, parentOf, together } from './patch.js';

/** What happens with incoming requests. */
export interface Lifecycle {
  opened(scope: RequestScope): void;
  /** The last part of the answer is about to be handed to the socket; its head is known. */
  ending(scope: RequestScope): void;
  /** The answer has been handed over, or the connection has ended before. */
  closed(scope: RequestScope, finished: boolean): void;
}

/** Of an answer this much is kept: enough to recognise the failure that it tells of. */
const RESPONSE_CAP = 64 * 1024;

const SCOPE = Symbol('deja.scope');
const ENDING = Symbol('deja.ending');

interface Observed {
  [SCOPE]?: RequestScope;
  [ENDING]?: boolean;
}

/** The scope of the request that this `IncomingMessage` or `ServerResponse` belongs to. */
export function scopeOf(message: unknown): RequestScope | undefined {
  return typeof message === 'object' && message !== null ? (message as Observed)[SCOPE] : undefined;
}

/**
 * Every request of every HTTP/1 server of the process runs in a scope of its own. Bodies are seen where Node passes them on,
 * on the prototypes: no listener, no change of flow, nothing on the single request but one property.
 */
export function installHttpServer(recorder: TimelineRecorder, lifecycle: Lifecycle, bodyCap: number): Disposable {
  const open = guarded(
    'http.Server',
    (request: IncomingMessage & Observed, response: ServerResponse & Observed) => {
      const scope = recorder.openRequest({ request, response, received: new KeptBytes(), sent: new KeptBytes() });
      localAddressOf(request.socket);
      request[SCOPE] = scope;
      response[SCOPE] = scope;
      lifecycle.opened(scope);
      return scope;
    },
    undefined,
  );
  const receive = guarded('http.IncomingMessage', (scope: RequestScope, chunk: unknown, encoding: unknown) => {
    scope.exchange?.received.add(chunk, encoding, bodyCap, (bytes) => recorder.admit(scope, bytes));
  }, undefined);
  const send = guarded('http.ServerResponse', (scope: RequestScope, chunk: unknown, encoding: unknown) => {
    scope.exchange?.sent.add(chunk, encoding, RESPONSE_CAP, (bytes) => recorder.admit(scope, bytes));
  }, undefined);
  const ending = guarded('the end of an answer', lifecycle.ending.bind(lifecycle), undefined);
  const closed = guarded('the end of a request', lifecycle.closed.bind(lifecycle), undefined);

  const patchServer = (prototype: Server | TlsServer): Disposable => {
    const parent = parentOf<'emit'>(prototype);
    const emit = function emit(this: unknown, ...args: unknown[]): unknown {
      if (args[0] !== 'request' && args[0] !== 'checkContinue') return parent.emit.apply(this, args);
      // `checkContinue` without a listener of its own emits `request` in turn.
      const scope = scopeOf(args[1]) ?? open(args[1] as IncomingMessage, args[2] as ServerResponse);
      return scope ? recorder.runIn(scope, () => parent.emit.apply(this, args)) : parent.emit.apply(this, args);
    };
    return override(prototype, 'emit', emit);
  };

  const incoming = http.IncomingMessage.prototype;
  const response = http.ServerResponse.prototype as ServerResponse & { _send: unknown };
  const readable = parentOf<'push'>(incoming);
  const outgoing = parentOf<'write' | 'end' | '_send' | 'emit'>(response);
  return together([
    patchServer(http.Server.prototype),
    patchServer(https.Server.prototype),
    override(incoming, 'push', function push(this: IncomingMessage & Observed, chunk: unknown, encoding: unknown) {
      const scope = this[SCOPE];
      if (scope !== undefined && chunk !== null) receive(scope, chunk, encoding);
      return readable.push.call(this, chunk, encoding);
    }),
    override(response, 'write', function write(this: ServerResponse & Observed, ...args: unknown[]) {
      const scope = this[SCOPE];
      if (scope !== undefined) send(scope, args[0], args[1]);
      return outgoing.write.apply(this, args);
    }),
    override(response, 'end', function end(this: ServerResponse & Observed, ...args: unknown[]) {
      const scope = this[SCOPE];
      if (scope !== undefined && !this.writableEnded) {
        if (typeof args[0] !== 'function') send(scope, args[0], args[1]);
        this[ENDING] = true;
      }
      return outgoing.end.apply(this, args);
    }),
    // Node's own way to the socket: within `end`, its first call is the moment at which the head is known and the last bytes have not left.
    override(response, '_send', function send(this: ServerResponse & Observed, ...args: unknown[]) {
      const scope = this[SCOPE];
      if (scope !== undefined && this[ENDING] === true) {
        this[ENDING] = false;
        ending(scope);
      }
      return outgoing._send.apply(this, args);
    }),
    override(response, 'emit', function emit(this: ServerResponse & Observed, ...args: unknown[]) {
      const scope = this[SCOPE];
      if (scope !== undefined && (args[0] === 'finish' || args[0] === 'close') && scope.endedAt === undefined) closed(scope, args[0] === 'finish');
      return outgoing.emit.apply(this, args);
    }),
  ]);
}
