import { connect, createServer, type Server, type Socket } from 'node:net';
import { locateMysql, mysqlTemplate, startMysql, type StartedMysql } from '@deja/fixtures';
import mysql from 'mysql2/promise';

/** A real MariaDB or MySQL with a database `shop` of the user `app`, on a free port of 127.0.0.1. */
export interface TestMysql extends AsyncDisposable {
  readonly port: number;
  readonly server: StartedMysql;
  /** As superuser, in the database. */
  run(text: string): Promise<unknown>;
}

/** Why tests on MariaDB or MySQL are left out here; '' where there is a server. */
export function withoutMysql(): string {
  try {
    locateMysql();
    return '';
  } catch (error) {
    return ` (skipped: ${(error as Error).message})`;
  }
}

/** @param cutAfterMs a connection is reset so long after it was made */
export async function testMysql(setup: string, cutAfterMs?: number): Promise<TestMysql> {
  const binaries = locateMysql();
  const server = await startMysql({ server: binaries.server, template: await mysqlTemplate(binaries) });
  const run = async (text: string, database?: string): Promise<unknown> => {
    const admin = await mysql.createConnection({ socketPath: server.socket, user: 'deja_admin', multipleStatements: true, ...(database === undefined ? {} : { database }) });
    try {
      return (await admin.query(text))[0];
    } finally {
      admin.destroy();
    }
  };
  try {
    await run("CREATE DATABASE shop; CREATE USER app@localhost IDENTIFIED BY 'app'; GRANT ALL ON shop.* TO app@localhost");
    await run(setup, 'shop');
  } catch (error) {
    await server.stop();
    throw error;
  }
  // Servers of ours listen on a socket alone: this is their port.
  const sockets = new Set<Socket>();
  const port = await forward(server.socket, sockets, cutAfterMs);
  return {
    server, port: port.number, run: (text) => run(text, 'shop'),
    async [Symbol.asyncDispose]() {
      port.listener.close();
      sockets.forEach((socket) => socket.destroy());
      await server.stop();
    },
  };
}

async function forward(path: string, sockets: Set<Socket>, cutAfterMs: number | undefined): Promise<{ readonly listener: Server; readonly number: number }> {
  const listener = createServer((client) => {
    const upstream = connect(path);
    sockets.add(client);
    if (cutAfterMs !== undefined) setTimeout(() => client.resetAndDestroy(), cutAfterMs);
    client.on('close', () => {
      sockets.delete(client);
      upstream.destroy();
    });
    for (const socket of [client, upstream]) socket.on('error', () => undefined);
    upstream.on('close', () => client.end());
    client.pipe(upstream).pipe(client);
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const address = listener.address();
  return { listener, number: typeof address === 'object' && address !== null ? address.port : 0 };
}
