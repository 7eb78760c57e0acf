import type { Socket } from 'node:net';

export interface LocalAddress {
  readonly address: string;
  readonly port: number;
}

const LOCAL = Symbol('deja.local');

interface Remembering {
  [LOCAL]?: LocalAddress;
}

/** Where a connection arrived. A socket that has ended does not know any more: to be asked first while it is open, then it is remembered. */
export function localAddressOf(socket: Socket): LocalAddress {
  const remembering = socket as Remembering;
  remembering[LOCAL] ??= { address: socket.localAddress ?? '', port: socket.localPort ?? 0 };
  return remembering[LOCAL];
}
