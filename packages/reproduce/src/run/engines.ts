import { basename, dirname } from 'node:path';
import { locateMysql, locatePostgres, mysqlTemplate, postgresTemplate } from '@deja/fixtures';
import type { DatabaseInfo, ErrorPackage } from '@deja/format';
import type { MysqlEngine, PostgresEngine } from '@deja/guest';

/** What runs the recorded databases. Null where none needs it. */
export interface Engines {
  readonly postgres: PostgresEngine | null;
  readonly mysql: (MysqlEngine & { readonly share: string | undefined }) | null;
}

/** Throws DejaError where one is needed and not installed. */
export async function enginesFor({ databases }: ErrorPackage, cacheFolder: string): Promise<Engines> {
  const [postgres, mysql] = await Promise.all([postgresFor(databases.find(({ engine }) => engine === 'postgres'), cacheFolder), mysqlFor(databases.some(({ engine }) => engine === 'mysql' || engine === 'mariadb'), cacheFolder)]);
  return { postgres, mysql };
}

/** Files and folders of this machine that they are made of. */
export function engineTools({ postgres, mysql }: Engines): readonly string[] {
  // Of a server that has a folder of its own, all of that; of one among the system's programs, what it reads beside itself.
  const own = mysql && basename(dirname(mysql.server)) === 'bin' && !mysql.server.startsWith('/usr/') ? [dirname(mysql.server)] : mysql ? [mysql.server, ...(mysql.share === undefined ? [] : [mysql.share])] : [];
  return [...(postgres ? [dirname(postgres.binaries), postgres.template] : []), ...(mysql ? [...own, mysql.template] : [])];
}

async function postgresFor(database: DatabaseInfo | undefined, cacheFolder: string): Promise<Engines['postgres']> {
  if (database === undefined) return null;
  const binaries = locatePostgres(database.version === undefined ? {} : { version: database.version });
  return { binaries: binaries.folder, template: await postgresTemplate(binaries, cacheFolder) };
}

async function mysqlFor(needed: boolean, cacheFolder: string): Promise<Engines['mysql']> {
  if (!needed) return null;
  const binaries = locateMysql();
  return { server: binaries.server, flavour: binaries.flavour, share: binaries.share, template: await mysqlTemplate(binaries, cacheFolder) };
}
