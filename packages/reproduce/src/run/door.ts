import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { DejaError } from '@deja/format';
import type { StartedSandbox } from '@deja/sandbox';

export interface Address {
  readonly address: string;
  readonly port: number;
}

/** A port of this machine's loopback that leads to one in a sandbox. Disposing ends it with its connections. */
export interface Door extends AsyncDisposable {
  readonly at: Address;
}

/**
 * Where nothing listens in there, a connection is closed again.
 * @param port 0: any free one
 * @throws DejaError DEJA_PORT_IN_USE
 */
export async function openDoor(sandbox: Pick<StartedSandbox, 'dial'>, inside: Address, port: number): Promise<Door> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    socket.on('error', () => undefined);
    void through(socket, sandbox, inside);
  });
  server.listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw new DejaError('DEJA_PORT_IN_USE', `port ${port} cannot be listened at: ${(cause as Error).message}`, { hint: 'Name another one.', cause });
  }
  return {
    at: { address: '127.0.0.1', port: (server.address() as AddressInfo).port },
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** One that nobody listens at now, here and very likely in a sandbox. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

async function through(socket: Socket, sandbox: Pick<StartedSandbox, 'dial'>, { address, port }: Address): Promise<void> {
  try {
    const tunnel = await sandbox.dial(address, port);
    await Promise.all([pipeline(socket, tunnel), pipeline(tunnel, socket)]);
  } catch {
    // Whichever end it was: the other sees that it is over.
    socket.destroy();
  }
}
