import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';
import { guarded } from '../../core/guard.js';
import { method, override } from '../patch.js';
import type { Http2Exchange } from './exchange.js';
import { SESSION, type SessionState } from './session.js';

export const EXCHANGE = Symbol('deja.exchange');

export type ObservedStream = ClientHttp2Stream & { [EXCHANGE]?: Http2Exchange };

/** The code with which a client says that it wants no more. */
const CANCEL = 8;

/** Bodies, events and ends of streams, where Node passes them on. */
export function patchStreams(prototype: ObservedStream): void {
  const sending = guarded('HTTP/2 request bodies', (exchange: Http2Exchange, chunk: unknown, encoding: unknown) => exchange.sending(chunk, encoding), undefined);
  const told = guarded('HTTP/2 responses', follow, undefined);
  const pushed = guarded('HTTP/2 response bodies', (exchange: Http2Exchange, chunk: unknown) => {
    if (chunk === null) exchange.readEnded();
    else if (chunk instanceof Uint8Array) exchange.receiving(chunk);
  }, undefined);
  const gaveUp = guarded('the end of HTTP/2 streams', (stream: ObservedStream, exchange: Http2Exchange, code: number, error: unknown) => {
    const state = stream.session ? (stream.session as ClientHttp2Session & { [SESSION]?: SessionState })[SESSION] : undefined;
    state?.noteLoss();
    if (stream.closed || stream.destroyed || state?.lost === true || isNodes(error)) return;
    exchange.givenUp(code);
  }, undefined);

  const names = ['write', 'end', 'push', 'emit', 'destroy', 'close', 'sendTrailers'] as const;
  const original = Object.fromEntries(names.map((name) => [name, method(prototype, name)])) as Record<(typeof names)[number], ReturnType<typeof method>>;
  override(prototype, 'write', function write(this: ObservedStream, ...args: unknown[]) {
    if (this[EXCHANGE]) sending(this[EXCHANGE], args[0], args[1]);
    return original.write.apply(this, args);
  });
  override(prototype, 'end', function end(this: ObservedStream, ...args: unknown[]) {
    if (this[EXCHANGE] && !this.writableEnded) {
      if (typeof args[0] !== 'function') sending(this[EXCHANGE], args[0], args[1]);
      this[EXCHANGE].asked();
    }
    return original.end.apply(this, args);
  });
  override(prototype, 'push', function push(this: ObservedStream, ...args: unknown[]) {
    if (this[EXCHANGE]) pushed(this[EXCHANGE], args[0]);
    return original.push.apply(this, args);
  });
  override(prototype, 'emit', function emit(this: ObservedStream, ...args: unknown[]) {
    if (this[EXCHANGE]) told(this[EXCHANGE], args);
    return original.emit.apply(this, args);
  });
  override(prototype, 'close', function close(this: ObservedStream, ...args: unknown[]) {
    if (this[EXCHANGE]) gaveUp(this, this[EXCHANGE], typeof args[0] === 'number' ? args[0] : 0, undefined);
    return original.close.apply(this, args);
  });
  override(prototype, 'destroy', function destroy(this: ObservedStream, ...args: unknown[]) {
    if (this[EXCHANGE]) gaveUp(this, this[EXCHANGE], CANCEL, args[0]);
    return original.destroy.apply(this, args);
  });
  override(prototype, 'sendTrailers', function sendTrailers(this: ObservedStream, ...args: unknown[]) {
    this[EXCHANGE]?.sendingTrailers((args[0] ?? {}) as OutgoingHttpHeaders);
    return original.sendTrailers.apply(this, args);
  });
}

function follow(exchange: Http2Exchange, args: readonly unknown[]): void {
  const [event, first, , raw] = args;
  const headers = first as IncomingHttpHeaders;
  const rawHeaders = Array.isArray(raw) ? (raw as readonly string[]) : [];
  switch (event) {
    case 'response':
      exchange.responseHead(headers, rawHeaders);
      break;
    case 'headers':
      exchange.information(headers, rawHeaders);
      break;
    case 'trailers':
      exchange.responseTrailers(rawHeaders);
      break;
    case 'error':
      exchange.broke(first);
      break;
    case 'close':
      exchange.closed();
      break;
    default:
  }
}

/** Errors with which Node itself ends the streams of a connection; those of an abort signal are the application's. */
function isNodes(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return 'syscall' in error || ('code' in error && typeof error.code === 'string' && /^ERR_HTTP2_|^ERR_SOCKET_CLOSED|^ECONN|^EPIPE|^ERR_SSL|^ERR_TLS|CERT/.test(error.code));
}
