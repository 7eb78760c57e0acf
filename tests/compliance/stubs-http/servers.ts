import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createHttp2, createSecureServer, type Http2Server, type ServerHttp2Stream, type IncomingHttpHeaders } from 'node:http2';
import { createServer as createHttp, type RequestListener } from 'node:http';
import type { CertificateFlaw } from '@deja/stubs';
import { authority, type StartedServer } from './harness.ts';

/** Listens on a free port of 127.0.0.1; closing ends what is still connected. */
export async function listening(server: Server): Promise<StartedServer> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

export type OnStream = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, server: Http2Server) => void;

export function http2Server(onStream: OnStream, tls = false, flaw: CertificateFlaw = 'none'): Promise<StartedServer> {
  const certificate = authority.certificate(['localhost', '127.0.0.1'], flaw);
  const server = tls ? createSecureServer({ key: certificate.key, cert: certificate.cert, allowHTTP1: true }) : createHttp2();
  server.on('sessionError', () => undefined);
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    stream.on('error', () => undefined);
    onStream(stream, headers, server);
  });
  return listening(server);
}

export function httpServer(listener: RequestListener, set?: (server: ReturnType<typeof createHttp>) => void): Promise<StartedServer> {
  const server = createHttp(listener);
  set?.(server);
  return listening(server);
}
