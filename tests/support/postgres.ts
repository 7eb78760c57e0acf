import { locatePostgres, POSTGRES_ADMIN, postgresTemplate, startPostgres, type StartedPostgres } from '@deja/fixtures';
import { Client } from 'pg';
import { freePort } from './free-port.ts';

/** A real server with a database `shop` of the role `app`, on a free port of 127.0.0.1. */
export interface TestPostgres extends AsyncDisposable {
  readonly port: number;
  /** PG* variables for the role `app`. */
  readonly env: Readonly<Record<string, string>>;
  readonly server: StartedPostgres;
}

export async function testPostgres(setup: string): Promise<TestPostgres> {
  const binaries = locatePostgres();
  const template = await postgresTemplate(binaries);
  const port = await freePort();
  const server = await startPostgres({ binaries: binaries.folder, template, address: '127.0.0.1', port });
  try {
    const admin = async (database: string, text: string): Promise<void> => {
      const client = new Client({ host: server.socketFolder, port, user: POSTGRES_ADMIN, database });
      await client.connect();
      try {
        await client.query(text);
      } finally {
        await client.end();
      }
    };
    await admin('template1', 'ALTER DATABASE deja_spare RENAME TO shop');
    await admin('shop', "CREATE ROLE app LOGIN PASSWORD 'app'; GRANT ALL ON SCHEMA public TO app; ALTER DATABASE shop OWNER TO app");
    // As on any server but one that executes what a package says.
    await admin('shop', 'GRANT EXECUTE ON FUNCTION pg_terminate_backend(int, bigint), pg_cancel_backend(int) TO PUBLIC');
    await admin('shop', `SET ROLE app; ${setup}`);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return {
    port, server,
    env: { PGHOST: '127.0.0.1', PGPORT: String(port), PGUSER: 'app', PGPASSWORD: 'app', PGDATABASE: 'shop' },
    [Symbol.asyncDispose]: () => server.stop(),
  };
}
