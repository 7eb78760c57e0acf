import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import tls from 'node:tls';
import { guarded } from '../core/guard.js';
import type { TimelineRecorder } from '../core/timeline-recorder.js';
import { method, override, together } from '../http/patch.js';
import { normalisedArguments } from '../replay/redirect.js';
import { connectedByKnownClient, followedBy } from './claims.js';
import { RawConnection } from './connection.js';
import type { Address } from './talk-event.js';

/**
 * Outgoing connections of clients that no instrumentation knows. Only `connect` is watched for all; bytes are followed on the sockets that nobody claims.
 */
export function installConnections(recorder: TimelineRecorder, cap: number): Disposable {
  const connecting = guarded('connections', (socket: net.Socket, args: readonly unknown[]) => {
    const address = addressOf(socket, args);
    if (address === null || followedBy(socket) || connectedByKnownClient()) return;
    new RawConnection(recorder, address, cap).begin(socket);
  }, undefined);
  const securing = guarded('encryption of connections', (args: readonly unknown[], secured: net.Socket) => {
    const options = args.find((one) => typeof one === 'object' && one !== null);
    const connection = followedBy(options && 'socket' in options ? options.socket : undefined);
    if (connection instanceof RawConnection) connection.secured(secured);
  }, undefined);
  const connect = method(net.Socket.prototype, 'connect');
  const secure = method(tls, 'connect');
  const parts = [
    override(net.Socket.prototype, 'connect', function connected(this: net.Socket, ...args: unknown[]) {
      const socket = connect.apply(this, args);
      connecting(this, args);
      return socket;
    }),
    override(tls, 'connect', Object.defineProperty(function connected(this: unknown, ...args: unknown[]) {
      const socket = secure.apply(this, args) as net.Socket;
      securing(args, socket);
      return socket;
    }, 'name', { value: 'connect' })),
  ];
  syncBuiltinESMExports();
  return together([{ [Symbol.dispose]: () => syncBuiltinESMExports() }, ...parts]);
}

function addressOf(socket: net.Socket, args: readonly unknown[]): Address | null {
  const { options } = normalisedArguments(args);
  if (options === null) return null;
  const { path, host, port } = options;
  const encrypted = 'encrypted' in socket;
  if (typeof path === 'string') return path.startsWith('/') ? { host: path, port: 0, tls: encrypted } : null;
  const number = Number(port);
  return Number.isInteger(number) ? { host: typeof host === 'string' && host !== '' ? host : 'localhost', port: number, tls: encrypted } : null;
}
