import type { Server, Socket } from 'node:net';
import type { HandshakeFailure } from '../fate.js';

const { createServer } = process.getBuiltinModule('node:net');

/** An alert, fatal, as a record of TLS 1.0, which clients of every version read. */
const alertRecord = (number: number): Buffer => Buffer.from([21, 3, 1, 0, 2, 2, number]);
const PLAINLY = 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n';

/** A server with which no handshake succeeds; not listening yet. `onHandshake` is told of each that a client begins. */
export function createBrokenHandshake(failure: Exclude<HandshakeFailure, { readonly flaw: unknown }>, onHandshake: () => void): Server {
  return createServer((socket: Socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      onHandshake();
      if ('alert' in failure) socket.end(alertRecord(failure.alert));
      else if (failure.server === 'plain') socket.end(PLAINLY);
      else if (failure.server === 'fin') socket.end();
      else if (failure.server === 'rst') socket.resetAndDestroy();
    });
  });
}
