import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { locateMysql, mysqlTemplate } from '@deja/fixtures/mysql';
import { afterAll, describe, expect, test } from 'vitest';
import { startDatabases } from './databases.js';
import type { GuestDatabase, MysqlEngine } from './plan.js';
import { planFor } from './testing/plan.js';
import { WarmEngines } from './warm-engines.js';

const missing = withoutMysql();
const folder = mkdtempSync(join(tmpdir(), 'deja-guest-mysql-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function withoutMysql(): string {
  try {
    locateMysql();
    return '';
  } catch (error) {
    return ` (skipped: ${(error as Error).message})`;
  }
}

async function engine(): Promise<MysqlEngine> {
  const { server, flavour } = locateMysql();
  return { server, flavour, template: await mysqlTemplate(locateMysql()) };
}

async function databaseNamed(name: string, part: Partial<GuestDatabase> = {}): Promise<GuestDatabase> {
  const table = { name: 'users', columns: [{ name: 'id', type: 'int' }, { name: 'name', type: 'text' }], key: ['id'], rows: [{ values: { id: '47', name: 'Ada' }, from: [1] }] };
  const fixture = { name, engine: 'mariadb', schema: 'inferred', opaque: [], ddl: ['CREATE TABLE users (id int AUTO_INCREMENT PRIMARY KEY, name text)'], tables: [table], afterLoad: ['ALTER TABLE users AUTO_INCREMENT = 90'] } as const;
  return { fixture, engine: { kind: 'mysql', ...(await engine()) }, readsClock: true, listen: { host: 'db', port: 3306, database: name, user: 'app', settings: { time_zone: '+02:00', sql_mode: 'ANSI_QUOTES', character_set_client: 'latin1' } }, ...part };
}

async function inside(path: string, user: string, database: string, start: readonly string[] = []): Promise<Connection> {
  const client = await createConnection({ socketPath: path, user, database });
  for (const text of start) await client.query(text);
  return client;
}

describe.skipIf(missing !== '')(`databases on MariaDB${missing}`, () => {
  test('are made and loaded, with the recorded settings and clock, on the engine that was warm', async () => {
    const warm = new WarmEngines();
    await warm.start({ mysql: await engine() });
    const plan = planFor({ command: [], cwd: folder, preload: '' }, { databases: [await databaseNamed('shop'), await databaseNamed('stock')] });
    const databases = await startDatabases({ ...plan, replay: { ...plan.replay, clock: Date.UTC(2020, 1, 29) } }, folder, warm);
    const shop = databases.served.get('shop')?.upstream;
    if (!shop || !('path' in shop)) throw new Error('not served');
    expect(databases.served.get('stock')?.upstream).toMatchObject({ path: shop.path, database: 'stock' });
    expect(shop.start).toEqual(['SET SESSION innodb_lock_wait_timeout = 50', "SET SESSION time_zone = '+02:00'", "SET SESSION sql_mode = 'ANSI_QUOTES'"]);
    const client = await inside(shop.path, shop.user, shop.database, shop.start);
    expect((await client.query('SELECT id, name AS "n" FROM users'))[0]).toEqual([{ id: 47, n: 'Ada' }]);
    expect((await client.query("INSERT INTO users (name) VALUES ('Eve')"))[0]).toMatchObject({ insertId: 90 });
    await expect(client.query('SELECT * FROM mysql.user')).rejects.toMatchObject({ errno: 1142 });
    expect(shop.now?.()).toBeUndefined();
    await databases.setClocks();
    expect(shop.now?.()).toBeGreaterThanOrEqual(Date.UTC(2020, 1, 29));
    client.destroy();
    await databases.stop();
    await warm.stop();
    expect(existsSync(shop.path)).toBe(false);
  });

  test('that the application makes itself get their rows when it has come to rest', async () => {
    const database = await databaseNamed('own', { ownSchema: true });
    const databases = await startDatabases(planFor({ command: [], cwd: folder, preload: '' }, { databases: [database] }), folder, new WarmEngines());
    const upstream = databases.served.get('own')?.upstream;
    if (!upstream || !('path' in upstream)) throw new Error('not served');
    const client = await inside(upstream.path, upstream.user, upstream.database);
    expect((await client.query<RowDataPacket[]>('SHOW TABLES'))[0]).toEqual([]);
    await client.query('CREATE TABLE users (id int AUTO_INCREMENT PRIMARY KEY, name text)');
    await client.query("INSERT INTO users VALUES (47, 'a seed'), (48, 'Bob')");
    await databases.addRows();
    expect((await client.query('SELECT * FROM users ORDER BY id'))[0]).toEqual([{ id: 47, name: 'Ada' }, { id: 48, name: 'Bob' }]);
    client.destroy();
    await databases.stop();
  });

  test('whose rows do not fit say so', async () => {
    const database = await databaseNamed('wrong');
    const unfit = { ...database, fixture: { ...database.fixture, ddl: ['CREATE TABLE users (id int)'] } };
    await expect(startDatabases(planFor({ command: [], cwd: folder, preload: '' }, { databases: [unfit] }), folder, new WarmEngines())).rejects.toMatchObject({ code: 'DEJA_FIXTURE_LOAD', message: expect.stringContaining("Unknown column 'name'") as string });
  });
});
