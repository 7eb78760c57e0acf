import { join } from 'node:path';
import { createDatabase, locatePostgres, postgresTemplate, type StartedPostgres, startPostgres } from '@deja/fixtures';
import type { SqlUpstream } from '../sql/upstream.js';

export const LOGIN = { database: 'shop', user: 'shop_app' };

/** For tests: whether there is a Postgres to test with. */
export function hasPostgres(): boolean {
  try {
    locatePostgres();
    return true;
  } catch {
    return false;
  }
}

/** For tests: an engine with an empty database; `upstream` is how a proxy gets there. */
export async function startEngine(): Promise<{ readonly server: StartedPostgres; readonly upstream: SqlUpstream & { readonly path: string } }> {
  const binaries = locatePostgres();
  const server = await startPostgres({ binaries: binaries.folder, template: await postgresTemplate(binaries, join('.deja', 'cache')) });
  await createDatabase(server, LOGIN);
  return { server, upstream: { path: join(server.socketFolder, `.s.PGSQL.${server.port}`), ...LOGIN } };
}
