import { join } from 'node:path';
import { createMysqlDatabase, locateMysql, loadMysql, mysqlTemplate, startMysql, type StartedMysql } from '@deja/fixtures';
import type { SqlUpstream } from '../sql/upstream.js';

export const MYSQL_LOGIN = { database: 'shop', user: 'shop_app' };

/** For tests: why those on MariaDB or MySQL are left out here; '' where there is a server. */
export function withoutMysql(): string {
  try {
    locateMysql();
    return '';
  } catch (error) {
    return ` (skipped: ${(error as Error).message})`;
  }
}

/** For tests: a server with one database; `upstream` is how a proxy gets there. */
export async function startMysqlEngine(ddl: readonly string[]): Promise<{ readonly server: StartedMysql; readonly upstream: SqlUpstream & { readonly path: string } }> {
  const binaries = locateMysql();
  const server = await startMysql({ server: binaries.server, template: await mysqlTemplate(binaries, join('.deja', 'cache')) });
  const address = { socket: server.socket, flavour: binaries.flavour };
  const login = await createMysqlDatabase(address, { name: 'main', ...MYSQL_LOGIN });
  await loadMysql(address, login, { ddl, tables: [], afterLoad: [] });
  return { server, upstream: { path: server.socket, ...login } };
}
