import { syncBuiltinESMExports } from 'node:module';
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { guarded } from '../core/guard.js';
import type { Recorder } from '../core/recorder.js';
import { currentOperation } from '../drivers/operation.js';
import { claimSocket } from '../net/claims.js';
import { ClientExchange } from './client-exchange.js';
import { http, https } from './node-http.js';
import { method, override, parentOf, together } from './patch.js';

const EXCHANGE = Symbol('deja.exchange');

interface Observed {
  [EXCHANGE]?: ClientExchange;
}

const CONTINUE = 100;

type Make = (this: unknown, ...args: unknown[]) => ClientRequest;

/**
 * Node's own HTTP client. Requests are noticed where the application makes them, and followed on the prototypes: adding listeners would change
 * the flow (a response without a listener is discarded by Node, one with a listener is not).
 */
export function installHttpClient(recorder: Recorder, cap: number): Disposable {
  const observe = guarded('the HTTP client', (request: ClientRequest & Observed, args: readonly unknown[], defaultPort: number) => {
    if (request[EXCHANGE]) return;
    const exchange = new ClientExchange(request, portOf(args) ?? defaultPort, cap, currentOperation());
    if (!exchange.begin(recorder)) return;
    request[EXCHANGE] = exchange;
    // `get` has ended it already.
    if (request.writableEnded) exchange.asked();
  }, undefined);
  const onSend = guarded('HTTP request bodies', (exchange: ClientExchange, chunk: unknown, encoding: unknown) => exchange.sending(chunk, encoding), undefined);
  const onEvent = guarded('HTTP responses', follow, undefined);
  const onPush = guarded('HTTP response bodies', (exchange: ClientExchange, response: IncomingMessage, chunk: unknown) => {
    if (chunk === null) exchange.responseEnded(response);
    else if (chunk instanceof Uint8Array) exchange.receiving(chunk);
  }, undefined);

  const patchModule = (module: { request: unknown; get: unknown }, port: number): Disposable[] =>
    (['request', 'get'] as const).map((name) => {
      const original = method(module, name) as Make;
      const patched: Make = function patched(...args) {
        const request = original.apply(this, args);
        observe(request, args, port);
        return request;
      };
      return override(module, name, Object.defineProperty(patched, 'name', { value: name }));
    });

  const client = http.ClientRequest.prototype;
  const destroy = method(client, 'destroy');
  const outgoing = parentOf<'write' | 'end' | 'emit'>(client);
  const incoming = http.IncomingMessage.prototype;
  const outer = method(incoming, 'push');
  const parts = [
    ...patchModule(http, 80),
    ...patchModule(https, 443),
    override(client, 'write', function write(this: ClientRequest & Observed, ...args: unknown[]) {
      if (this[EXCHANGE]) onSend(this[EXCHANGE], args[0], args[1]);
      return outgoing.write.apply(this, args);
    }),
    override(client, 'end', function end(this: ClientRequest & Observed, ...args: unknown[]) {
      if (this[EXCHANGE] && !this.writableEnded) {
        if (typeof args[0] !== 'function') onSend(this[EXCHANGE], args[0], args[1]);
        this[EXCHANGE].asked();
      }
      return outgoing.end.apply(this, args);
    }),
    override(client, 'destroy', function destroyed(this: ClientRequest & Observed, error?: unknown) {
      // Also how Node itself ends a request; then an error comes with it that tells the reason.
      if (this[EXCHANGE] && !this.destroyed && !isFromNetwork(error)) this[EXCHANGE].givenUp(error);
      return destroy.call(this, error);
    }),
    override(client, 'emit', function emit(this: ClientRequest & Observed, ...args: unknown[]) {
      const exchange = this[EXCHANGE];
      if (exchange !== undefined) onEvent(exchange, args);
      return outgoing.emit.apply(this, args);
    }),
    override(incoming, 'push', function push(this: IncomingMessage & Observed, chunk: unknown, encoding: unknown) {
      const exchange = this[EXCHANGE];
      if (exchange !== undefined) onPush(exchange, this, chunk);
      return outer.call(this, chunk, encoding);
    }),
  ];
  syncBuiltinESMExports();
  return together([{ [Symbol.dispose]: () => syncBuiltinESMExports() }, ...parts]);
}

function follow(exchange: ClientExchange, args: readonly unknown[]): void {
  switch (args[0]) {
    case 'socket':
      claimSocket(args[1]);
      exchange.socketReady(args[1] as Socket);
      break;
    case 'continue':
      // Told before its `information`, and what the application sends at that came after it.
      exchange.information(CONTINUE, []);
      break;
    case 'information': {
      const { statusCode, rawHeaders } = args[1] as { readonly statusCode: number; readonly rawHeaders: readonly string[] };
      if (statusCode !== CONTINUE) exchange.information(statusCode, rawHeaders);
      break;
    }
    case 'response': {
      const response = args[1] as IncomingMessage & Observed;
      response[EXCHANGE] = exchange;
      exchange.responseHead(response);
      break;
    }
    case 'upgrade': {
      const [, response, socket, head] = args as readonly [unknown, IncomingMessage, Socket, Buffer];
      exchange.responseHead(response);
      if (response.headers.upgrade?.toLowerCase() === 'websocket') exchange.upgrading(socket, head);
      break;
    }
    case 'error':
      exchange.broke(args[1]);
      break;
    case 'close':
      exchange.closed();
      break;
    default:
  }
}

function isFromNetwork(error: unknown): boolean {
  return error instanceof Error && ('syscall' in error || ('code' in error && error.code === 'ECONNRESET'));
}

/** The port that was asked for. Read at once: callers reuse their options objects. */
function portOf(args: readonly unknown[]): number | undefined {
  let port: unknown;
  for (const arg of args.slice(0, 2)) {
    if (typeof arg === 'string') port = URL.canParse(arg) ? new URL(arg).port : port;
    else if (arg instanceof URL) port = arg.port;
    else if (typeof arg === 'object' && arg !== null) port = optionPort(arg) ?? port;
  }
  const number = Number(port);
  return port !== '' && port !== undefined && Number.isInteger(number) ? number : undefined;
}

function optionPort(options: object): unknown {
  const { port, defaultPort, agent } = options as { port?: unknown; defaultPort?: unknown; agent?: { defaultPort?: unknown } };
  return port || defaultPort || agent?.defaultPort;
}
