/** A service with its data in MariaDB, by mysql2: the server of production is gone when its failures happen again. */
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mysql from 'mysql2/promise';
import { readPackage } from '@deja/format/node';
import { probeSandbox } from '@deja/sandbox';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deja } from '../support/deja.ts';
import { dejaRun } from '../support/deja-run.ts';
import { freePort } from '../support/free-port.ts';
import { testMysql, withoutMysql } from '../support/mysql.ts';
import { npmFolder } from '../support/npm-folder.ts';
import { packagesIn, reproduce, verdictsOf } from './real-apps/deja.ts';

const installed = npmFolder(['mysql2@3']);
const qemu = await probeSandbox('qemu');
const missing = withoutMysql() || ('missing' in installed ? ` (skipped: ${installed.missing})` : '');
const folder = mkdtempSync(join(tmpdir(), 'deja-mysql-'));
const out = join(folder, 'out');
const TOKEN = 'tok_9f8e7d6c5b4a39281706';
let files: readonly string[] = [];

const SHOP = `
  CREATE TABLE customers (id int AUTO_INCREMENT PRIMARY KEY, email varchar(100) NOT NULL UNIQUE);
  CREATE TABLE sessions (token varchar(100) PRIMARY KEY, customer_id int NOT NULL, FOREIGN KEY (customer_id) REFERENCES customers (id));
  CREATE TABLE products (id int AUTO_INCREMENT PRIMARY KEY, name varchar(100) NOT NULL, price decimal(8,2) NOT NULL);
  CREATE TABLE orders (id int AUTO_INCREMENT PRIMARY KEY, customer_id int NOT NULL, total decimal(10,2) NOT NULL, placed_at datetime(3) NOT NULL, status enum('new', 'paid', 'printed') NOT NULL DEFAULT 'new');
  CREATE TABLE order_lines (id int AUTO_INCREMENT PRIMARY KEY, order_id int NOT NULL, product_id int NOT NULL, quantity int NOT NULL);
  CREATE TABLE receipts (id bigint AUTO_INCREMENT PRIMARY KEY, order_id int NOT NULL, printed_at datetime(3) NOT NULL);
  CREATE TABLE accounts (id int PRIMARY KEY, balance decimal(12,2) NOT NULL);
  INSERT INTO customers (email) VALUES ('ann@example.com'), ('bob@example.com');
  INSERT INTO sessions VALUES ('${TOKEN}', 2), ('other', 1);
  INSERT INTO products (name, price) VALUES ('Cup', 4.50), ('Plate', 7.25);
  INSERT INTO orders (customer_id, total, placed_at, status) VALUES (2, 16.25, '2024-03-01 10:20:30.456', 'paid'), (2, 99.90, '2024-03-02 11:00:00', 'new');
  INSERT INTO order_lines (order_id, product_id, quantity) VALUES (1, 1, 2), (1, 2, 1), (2, 1, 1), (2, 77, 3);
  INSERT INTO accounts VALUES (1, 100), (2, 100);
`;

async function rowsOf(port: number, query: string): Promise<unknown> {
  const connection = await mysql.createConnection({ host: '127.0.0.1', port, user: 'app', database: 'shop' });
  try {
    return (await connection.query(query))[0];
  } finally {
    connection.destroy();
  }
}

describe.skipIf(missing !== '')(`failures on MariaDB are observed and happen again${missing}`, () => {
  beforeAll(async () => {
    const service = join(folder, 'orders');
    cpSync(join(import.meta.dirname, '..', 'apps', 'orders'), service, { recursive: true });
    if ('folder' in installed) cpSync(join(installed.folder, 'node_modules'), join(service, 'node_modules'), { recursive: true });
    await using database = await testMysql(SHOP);
    const port = await freePort();
    const running = await dejaRun(['node', 'server.js'], { out, ready: 'orders is listening', cwd: service, env: { PORT: String(port), DATABASE_URL: `mysql://app:app@127.0.0.1:${database.port}/shop` } });
    const get = async (path: string): Promise<string> => (await fetch(`http://127.0.0.1:${port}${path}`, { headers: { 'x-token': TOKEN } })).text();
    expect(await get('/receipt?id=1')).toBe('1: 2 x CUP, 1 x PLATE = 16.25');
    expect(await get('/receipt?id=2')).toBe('sorry');
    expect((await Promise.all([get('/transfer?from=1&to=2&amount=5'), get('/transfer?from=2&to=1&amount=7')])).toSorted()).toEqual(['done', 'sorry']);
    await running.stop();
    files = packagesIn(out);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('and can be looked at: the database of a sandbox that is kept holds the rows that it took', async () => {
    let looked: Promise<unknown> | undefined;
    const { code, stderr } = await deja(['reproduce', files[0] ?? '', '--keep'], {
      cwd: folder,
      onMessages: (text, kill) => {
        const port = /mariadb -h 127\.0\.0\.1 -P (\d+) -u app shop/.exec(text)?.[1];
        if (port !== undefined) looked ??= rowsOf(Number(port), 'SELECT name FROM products').finally(() => kill('SIGINT'));
      },
    });
    expect(await looked, stderr).toEqual([{ name: 'Cup' }]);
    expect(code, stderr).toBe(0);
  });

  it('because a joined row is missing', async () => {
    const [file = ''] = files;
    expect((await readPackage(file)).failure?.error?.message).toContain("reading 'toUpperCase'");
    const { code, document, stderr } = await reproduce(folder, [file, '--runs', '3']);
    expect({ code, verdicts: verdictsOf(document), control: document.control?.verdict }, stderr).toEqual({ code: 0, verdicts: ['reproduced', 'reproduced', 'reproduced'], control: 'not-reproduced' });
  });

  it('because of a deadlock, which no rows show', async () => {
    const [, file = ''] = files;
    expect((await readPackage(file)).failure?.error?.message).toContain('Deadlock found');
    const { code, document, stderr } = await reproduce(folder, [file, '--runs', '3']);
    expect({ code, verdicts: verdictsOf(document), control: document.control?.verdict }, stderr).toEqual({ code: 0, verdicts: ['reproduced', 'reproduced', 'reproduced'], control: 'not-reproduced' });
  });

  it.skipIf(!qemu.works)(`in a virtual machine, whose image holds the server${qemu.works ? '' : ` (skipped: ${qemu.reason})`}`, async () => {
    const [file = ''] = files;
    const { code, document, stderr } = await reproduce(folder, [file, '--sandbox', 'qemu', '--no-control']);
    expect({ code, verdicts: verdictsOf(document), sandbox: document.sandbox }, stderr).toEqual({ code: 0, verdicts: ['reproduced'], sandbox: 'qemu' });
  }, 300_000);

  it('from rows that satisfy every statement, and without the secret', async () => {
    const [file = ''] = files;
    expect(readFileSync(file).includes(TOKEN)).toBe(false);
    expect(JSON.stringify((await readPackage(file)).timeline)).not.toContain(TOKEN);
    const checked = JSON.parse((await deja(['fixtures', file, '--check', '--json'], { cwd: folder })).stdout) as { statements: number; exact: number; opaque: readonly unknown[] };
    expect(checked.opaque).toEqual([]);
    expect(checked.exact).toBe(checked.statements);
  });
});
