import type { Http2Server, Http2Session, IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { Asking, type BodyBounds } from './asking.js';
import { Http2Reply } from './reply-http2.js';
import type { Reply } from './reply.js';

export interface Http2Handler {
  readonly bounds: BodyBounds;
  asked(asking: Asking, reply: Reply, connection: Socket): void;
  note(text: string): void;
}

/** Streams at once on one connection: more than any client opens by itself. */
const MAX_STREAMS = 10_000;

/** The HTTP/2 side of a stub: what its streams ask goes to the handler. It takes connections by its event `connection`. */
export function createHttp2Side(handler: Http2Handler): Http2Server {
  const { createServer } = process.getBuiltinModule('node:http2');
  const server = createServer({ settings: { maxConcurrentStreams: MAX_STREAMS, enableConnectProtocol: false } });
  const sockets = new WeakMap<Http2Session, Socket>();
  // Before the server's own listener makes a session of it.
  let arriving: Socket | undefined;
  server.prependListener('connection', (socket: Socket) => {
    arriving = socket;
  });
  server.on('session', (session) => {
    if (arriving) sockets.set(session, arriving);
    session.on('error', () => undefined);
  });
  server.on('sessionError', (error: Error) => handler.note(`HTTP/2: ${error.message}`));
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _flags, rawHeaders: readonly string[]) => {
    const socket = stream.session && sockets.get(stream.session);
    stream.on('error', () => undefined);
    if (!socket) return stream.close();
    handler.asked(askingOf(stream, headers, rawHeaders, handler.bounds), new Http2Reply(stream, socket), socket);
  });
  return server;
}

function askingOf(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, rawHeaders: readonly string[], bounds: BodyBounds): Asking {
  const list = rawHeaders.flatMap((name, index): [string, string][] => (index % 2 === 0 && !name.startsWith(':') ? [[name, rawHeaders[index + 1] ?? '']] : []));
  const authority = headers[':authority'];
  const named = authority === undefined ? list : [[':authority', authority] as const, ...list];
  return new Asking({ method: headers[':method'] ?? '', target: headers[':path'] ?? '/', headers: named }, stream, bounds);
}
