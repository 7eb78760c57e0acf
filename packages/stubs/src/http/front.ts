import type { Server, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { EventEmitter } from 'node:events';
import type { Authority, CertificateFlaw } from '../authority/authority.js';
import { followTls } from './connection.js';

const { createServer } = process.getBuiltinModule('node:net');
const { createServer: createTlsServer } = process.getBuiltinModule('node:tls');

/** Servers that take over connections; neither listens itself. */
export interface Protocols {
  readonly http1: EventEmitter;
  /** Made at the first connection that speaks it. */
  http2(): EventEmitter;
}

export interface TlsFront {
  readonly names: readonly string[];
  readonly authority: Authority;
  readonly flaw: CertificateFlaw;
  /** Whether HTTP/2 is offered: only where it was spoken, for a client that may choose would choose it. */
  readonly http2: boolean;
}

/** The beginning of what a client of HTTP/2 sends first. */
const PREFACE = Buffer.from('PRI ');

/** Accepts connections and hands them to the protocol that they speak: by ALPN with TLS, by their first bytes without. */
export function createFront(protocols: Protocols, tls: TlsFront | null): Server {
  if (!tls) {
    const server = createServer();
    server.on('connection', (socket: Socket) => {
      socket.once('readable', () => sort(socket, protocols));
    });
    return server;
  }
  const own = tls.authority.certificate(tls.names, tls.flaw);
  const server = createTlsServer({
    key: own.key,
    cert: own.cert,
    ALPNProtocols: tls.http2 ? ['h2', 'http/1.1'] : ['http/1.1'],
    SNICallback: (name, done) => done(null, tls.authority.certificate([name], tls.flaw).context),
  });
  followTls(server);
  server.on('secureConnection', (socket: TLSSocket) => {
    (socket.alpnProtocol === 'h2' ? protocols.http2() : protocols.http1).emit('connection', socket);
  });
  return server;
}

function sort(socket: Socket, protocols: Protocols): void {
  const first = socket.read() as Buffer | null;
  if (first === null) {
    // Ended, or woken too early.
    if (!socket.readableEnded && !socket.destroyed) socket.once('readable', () => sort(socket, protocols));
    return;
  }
  socket.unshift(first);
  const length = Math.min(first.length, PREFACE.length);
  const isHttp2 = first.subarray(0, length).equals(PREFACE.subarray(0, length));
  (isHttp2 ? protocols.http2() : protocols.http1).emit('connection', socket);
}
