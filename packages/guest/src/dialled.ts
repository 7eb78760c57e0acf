import { once } from 'node:events';
import { connect } from 'node:net';
import { AgentError } from './failure.js';
import type { TunnelFrame } from './protocol.js';
import { Tunnel } from './tunnel.js';

/** Connections that somebody outside has to what listens in the sandbox. Nobody in the sandbox can begin one. */
export class Dialled {
  readonly #tunnels = new Map<number, Tunnel>();
  readonly #send: (frame: TunnelFrame, payload?: Uint8Array) => void;

  constructor(send: (frame: TunnelFrame, payload?: Uint8Array) => void) {
    this.#send = send;
  }

  /** @throws AgentError DEJA_NOT_LISTENING */
  async dial(connection: number, host: string, port: number): Promise<void> {
    const socket = connect({ host, port });
    try {
      await once(socket, 'connect');
    } catch (cause) {
      throw new AgentError('DEJA_NOT_LISTENING', `nothing listens at ${host}:${port} in the sandbox: ${(cause as Error).message}`, { cause });
    }
    const tunnel = new Tunnel(connection, this.#send);
    this.#tunnels.set(connection, tunnel);
    tunnel.once('close', () => {
      this.#tunnels.delete(connection);
      socket.destroy();
    });
    socket.once('close', () => tunnel.destroy());
    for (const end of [socket, tunnel]) end.on('error', () => undefined);
    socket.pipe(tunnel).pipe(socket);
  }

  receive(frame: TunnelFrame, payload: Uint8Array): void {
    this.#tunnels.get(frame.connection)?.receive(frame.type, frame.type === 'taken' ? frame.bytes : 0, payload);
  }
}
