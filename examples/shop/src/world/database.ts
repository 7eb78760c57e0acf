import { createDatabase, locatePostgres, postgresTemplate, startPostgres } from '@deja/fixtures';
import { Client } from 'pg';
import { SCHEMA } from './schema.js';

export interface DatabaseServer {
  readonly url: string;
  readonly version: string;
  stop(): Promise<void>;
}

const DATABASE = 'shop';

/** A Postgres of its own with the shop's tables and first rows. @throws DejaError when there are no Postgres binaries. */
export async function startDatabase(port: number, folder: string, cacheFolder: string): Promise<DatabaseServer> {
  const binaries = locatePostgres();
  const template = await postgresTemplate(binaries, cacheFolder);
  const server = await startPostgres({ binaries: binaries.folder, template, folder, address: '127.0.0.1', port });
  try {
    await createDatabase(server, { database: DATABASE, user: DATABASE });
    const url = `postgres://${DATABASE}:shop-demo-password-1@127.0.0.1:${port}/${DATABASE}`;
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      await client.query(SCHEMA);
    } finally {
      await client.end();
    }
    return { url, version: binaries.version, stop: () => server.stop() };
  } catch (error) {
    await server.stop();
    throw error;
  }
}
