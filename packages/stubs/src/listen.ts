import { once } from 'node:events';
import { type AddressInfo, type Server, type Socket } from 'node:net';
import { DejaError } from '@deja/format';

export interface ListenAddress {
  readonly address: string;
  /** 0: any free one. */
  readonly port: number;
}

export interface OpenServer extends AsyncDisposable {
  readonly port: number;
}

export interface SharedListener<P> {
  readonly where: ListenAddress | { readonly path: string };
  readonly plans: P[];
}

/** Recorded hosts that share an address and port now share a listener. A host that begins with `/` is a Unix socket, or for Postgres its folder. */
export function sharedListeners<P extends { readonly host: string; readonly port: number; readonly engine?: string }>(
  plans: readonly P[],
  environment: { resolve(host: string, port: number): ListenAddress },
): readonly SharedListener<P>[] {
  const shared = new Map<string, SharedListener<P>>();
  for (const plan of plans) {
    const where = plan.host.startsWith('/') ? { path: socketPath(plan) } : environment.resolve(plan.host, plan.port);
    // Any free port is one of its own, for each recorded host and port.
    const key = 'path' in where ? where.path : where.port === 0 ? `recorded ${plan.host}:${plan.port}` : `${where.address}:${where.port}`;
    const known = shared.get(key);
    if (known) known.plans.push(plan);
    else shared.set(key, { where, plans: [plan] });
  }
  return [...shared.values()];
}

function socketPath({ host, port, engine }: { readonly host: string; readonly port: number; readonly engine?: string }): string {
  // Of a protocol that nobody knows, the port is 0.
  return engine === 'mysql' || engine === 'mariadb' || port === 0 ? host : `${host}/.s.PGSQL.${port}`;
}

/** Start listening; disposing closes the server and resets its connections. Throws `DejaError` DEJA_PORT_IN_USE. */
export async function open(server: Server, where: ListenAddress | { readonly path: string }): Promise<OpenServer> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  // As databases do, for whatever user the application runs as.
  server.listen('path' in where ? { path: where.path, readableAll: true, writableAll: true } : { host: where.address, port: where.port });
  try {
    await once(server, 'listening');
  } catch (error) {
    throw cannotListen('path' in where ? where.path : `${where.address}:${where.port}`, error);
  }
  // What goes wrong with one connection later must not end the agent.
  server.on('error', () => undefined);
  const bound = server.address();
  return {
    port: typeof bound === 'object' ? ((bound satisfies AddressInfo | null)?.port ?? 0) : 0,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

export function cannotListen(where: string, cause: unknown): DejaError {
  const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
  return new DejaError(code === 'EADDRINUSE' ? 'DEJA_PORT_IN_USE' : 'DEJA_STUB_CANNOT_LISTEN', `a stub cannot listen on ${where}: ${code}`, {
    cause,
    hint:
      code === 'EADDRINUSE'
        ? 'stop the process that holds this port, or use the sandbox `namespace`, which has ports of its own'
        : 'the sandbox must have this address on its loopback device',
  });
}
