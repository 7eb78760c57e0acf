import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

const beneath = new WeakMap<Socket, Socket>();

function key({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress ?? ''} ${remotePort ?? 0}`;
}

/** Remember the TCP connections that secure ones run on: Node lets only those be reset. `server` emits both events for every connection. */
export function followTls(server: NodeJS.EventEmitter): void {
  const open = new Map<string, Socket>();
  server.on('connection', (socket: Socket) => {
    const name = key(socket);
    open.set(name, socket);
    socket.on('close', () => open.delete(name));
  });
  server.on('secureConnection', (socket: TLSSocket) => {
    const tcp = open.get(key(socket));
    if (tcp) beneath.set(socket, tcp);
  });
}

/** End a connection by a reset. */
export function resetConnection(socket: Socket): void {
  (beneath.get(socket) ?? socket).resetAndDestroy();
}
