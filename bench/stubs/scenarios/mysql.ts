/** What users of mysql2 see: answers in both protocols, errors of the server, of circumstances, and of the way there. */
import mysql, { type Connection, type ConnectionOptions } from 'mysql2/promise';
import callbacks from 'mysql2';
import type { Scenario, Where } from '../scenario.ts';
import { outcomeOf, pause } from '../seen.ts';

const TABLES = [
  'CREATE TABLE users (id int AUTO_INCREMENT PRIMARY KEY, name varchar(40) NOT NULL UNIQUE, score decimal(6,2), ratio double, born datetime(3), day date, took time, big bigint unsigned, raw varbinary(20), doc json, active tinyint(1))',
  `INSERT INTO users VALUES (1, 'Ann', 1.50, 0.1, '2020-01-02 03:04:05.678', '2020-02-29', '-10:30:05', 18446744073709551615, X'00FF', '{"a": [1, 2]}', 1), (2, 'Bob', NULL, 1e100, NULL, NULL, NULL, NULL, NULL, NULL, 0)`,
  'CREATE TABLE orders (id int AUTO_INCREMENT PRIMARY KEY, user_id int NOT NULL, total decimal(8,2) NOT NULL DEFAULT 0, FOREIGN KEY (user_id) REFERENCES users (id))',
  'INSERT INTO orders (user_id, total) VALUES (1, 10), (1, 20.5), (2, 7)',
];

type Ask = (client: Connection, at: Where) => Promise<unknown>;

function options({ host, port }: Where, more: ConnectionOptions = {}): ConnectionOptions {
  return { host, port, user: 'app', password: 'app', database: 'shop', supportBigNumbers: true, ...more };
}

async function connected(at: Where, ask: Ask, more?: ConnectionOptions): Promise<unknown> {
  return await outcomeOf(async () => {
    const client = await mysql.createConnection(options(at, more));
    client.on('error', () => undefined);
    try {
      return await ask(client, at);
    } finally {
      client.destroy();
    }
  });
}

function scenario(name: string, ask: Ask, more?: ConnectionOptions, cutAfterMs?: number): Scenario {
  return { name, serve: ({ mysql: serve }) => serve(TABLES, cutAfterMs), ask: (at) => connected(at, ask, more) };
}

/** The same in both protocols. */
function both(name: string, text: string, values: (string | number | null | boolean)[] = [], more?: ConnectionOptions): readonly Scenario[] {
  return [
    scenario(`query: ${name}`, async (client) => shown(await client.query(text, values)), more),
    scenario(`execute: ${name}`, async (client) => shown(await client.execute(text, values)), more),
  ];
}

function shown([result, fields]: readonly [unknown, readonly { readonly name: string; readonly columnType?: number; readonly columnLength?: number }[] | undefined]): unknown {
  return JSON.parse(JSON.stringify({ result, fields: fields?.map(({ name, columnType }) => [name, columnType]) })) as unknown;
}

/** What the server says beside the message. */
async function told(asking: () => Promise<unknown>): Promise<unknown> {
  try {
    return { value: await asking() };
  } catch (error) {
    const { code, errno, sqlState, sqlMessage, fatal } = error as Record<string, unknown>;
    return { code, errno, sqlState, sqlMessage, fatal };
  }
}

async function deadlock(client: Connection, at: Where): Promise<unknown> {
  const other = await mysql.createConnection(options(at));
  try {
    for (const one of [client, other]) await one.beginTransaction();
    await client.query('UPDATE orders SET total = 1 WHERE id = 1');
    await other.query('UPDATE orders SET total = 2 WHERE id = 2');
    const waiting = told(() => client.query('UPDATE orders SET total = 3 WHERE id = 2').then(([result]) => result));
    await pause(200);
    const second = await told(() => other.query('UPDATE orders SET total = 4 WHERE id = 1').then(([result]) => result));
    await other.rollback();
    const first = await waiting;
    await client.rollback();
    return { first, second };
  } finally {
    other.destroy();
  }
}

async function locked(client: Connection, at: Where): Promise<unknown> {
  const other = await mysql.createConnection(options(at));
  try {
    await other.beginTransaction();
    await other.query('UPDATE orders SET total = 2 WHERE id = 2');
    await client.query('SET SESSION innodb_lock_wait_timeout = 1');
    const late = await told(() => client.query('UPDATE orders SET total = 3 WHERE id = 2'));
    const refused = await told(() => client.query('SELECT * FROM orders WHERE id = 2 FOR UPDATE NOWAIT'));
    await other.rollback();
    return { late, refused, after: (await client.query('SELECT total FROM orders WHERE id = 2'))[0] };
  } finally {
    other.destroy();
  }
}

function streamed(at: Where, text: string): Promise<unknown> {
  return new Promise((resolve) => {
    const { host, port } = at;
    const client = callbacks.createConnection({ host, port, user: 'app', password: 'app', database: 'shop' });
    const seen: unknown[] = [];
    const done = (end: unknown): void => {
      client.destroy();
      resolve({ seen, end });
    };
    client.on('error', (error: Error & { code?: string }) => done(error.code ?? error.message));
    client.query(text).on('fields', (fields: unknown) => seen.push(Array.isArray(fields) ? fields.length : null)).on('result', (row: unknown) => seen.push(row)).on('error', (error: Error & { code?: string }) => done(error.code)).on('end', () => done('end'));
  });
}

export const scenarios: readonly Scenario[] = [
  ...both('every type', 'SELECT * FROM users ORDER BY id'),
  ...both('types as texts', 'SELECT * FROM users ORDER BY id', [], { dateStrings: true, bigNumberStrings: true }),
  ...both('nothing found', 'SELECT name FROM users WHERE id = ?', [99]),
  ...both('values', 'SELECT name FROM users WHERE name = ? AND id > ? AND ? IS NULL', ["Bob", 0.5, null]),
  ...both('a joined group', 'SELECT u.name, count(*) AS n, sum(o.total) AS total FROM users u JOIN orders o ON o.user_id = u.id GROUP BY u.id HAVING n > ? ORDER BY u.id', [1]),
  ...both('an insert', 'INSERT INTO orders (user_id, total) VALUES (?, ?)', [2, 3.25]),
  ...both('an update', 'UPDATE orders SET total = total + 1 WHERE user_id = ?', [1]),
  ...both('an update that changes nothing', 'UPDATE orders SET user_id = ? WHERE user_id = ?', [1, 1]),
  ...both('a delete', 'DELETE FROM orders WHERE user_id = ?', [1]),
  ...both('a key that is there', 'INSERT INTO users (name) VALUES (?)', ["Ann"]),
  ...both('a parent that is not', 'INSERT INTO orders (user_id) VALUES (?)', [77]),
  ...both('a parent that is needed', 'DELETE FROM users WHERE id = ?', [1]),
  ...both('a value out of range', 'UPDATE orders SET total = ? WHERE id = 1', [1e9]),
  ...both('a table that is not', 'SELECT * FROM nowhere WHERE id = ?', [1]),
  ...both('no statement at all', 'SELEC 1'),
  ...both('what only the engine knows', 'SELECT uuid() AS u, connection_id() AS c, rand() AS r, sysdate(6) AS s'),
  ...both('too long', 'SET STATEMENT max_statement_time = 0.3 FOR SELECT count(*) FROM seq_1_to_100000 a, seq_1_to_100000 b'),
  scenario('query: several statements', async (client) => shown(await client.query('SELECT 1 AS a; UPDATE orders SET total = 5 WHERE id = 1; SELECT total FROM orders WHERE id = 1')), { multipleStatements: true }),
  scenario('query: lists, rows, objects and names', async (client) => [(await client.query('INSERT INTO orders (user_id, total) VALUES ?', [[[1, 1], [2, 2]]]))[0], (await client.query('UPDATE orders SET ? WHERE id IN (?)', [{ total: 9 }, [1, 2]]))[0], (await client.query('SELECT ?? FROM ?? ORDER BY id', ['total', 'orders']))[0]]),
  scenario('execute: again and again', async (client) => { const seen: unknown[] = []; for (const id of [1, 2, 1, 3]) seen.push((await client.execute('SELECT total FROM orders WHERE id = ?', [id]))[0]); return seen; }),
  scenario('a transaction that is rolled back', async (client) => { await client.beginTransaction(); await client.execute('DELETE FROM orders'); await client.rollback(); return (await client.query('SELECT count(*) AS n FROM orders'))[0]; }),
  scenario('a session that is reset', async (client) => { await client.query('SET @a = 5'); await (client as unknown as { reset(): Promise<void> }).reset(); return (await client.query('SELECT @a AS a'))[0]; }),
  scenario('another user on the same connection', async (client) => { await client.changeUser({ user: 'app', password: 'app', database: 'shop' }); return (await client.query('SELECT database() AS d'))[0]; }),
  scenario('warnings', async (client) => [(await client.query("SELECT CAST('x' AS int) AS n"))[0], (await client.query('SHOW WARNINGS'))[0]]),
  scenario('a deadlock', deadlock),
  scenario('locks that others hold', locked),
  scenario('a connection that is killed', async (client) => await told(async () => await client.query('KILL CONNECTION_ID()'))),
  scenario('a time-out of the client', async (client) => await told(() => client.query({ sql: 'SELECT sleep(5)', timeout: 300 }))),
  scenario('a connection that breaks', async (client) => await told(() => client.query('SELECT sleep(5)')), {}, 600),
  { name: 'stream: rows', serve: ({ mysql: serve }) => serve(TABLES), ask: (at) => streamed(at, 'SELECT id, name FROM users ORDER BY id') },
  { name: 'stream: an error', serve: ({ mysql: serve }) => serve(TABLES), ask: (at) => streamed(at, 'SELECT nope FROM users') },
  { name: 'pool: more askers than connections', serve: ({ mysql: serve }) => serve(TABLES), ask: (at) => outcomeOf(async () => {
    const pool = mysql.createPool({ ...options(at), connectionLimit: 2 });
    try {
      return await Promise.all([1, 2, 3, 1].map(async (id) => (await pool.execute('SELECT total FROM orders WHERE id = ?', [id]))[0]));
    } finally {
      await pool.end();
    }
  }) },
  { name: 'pool: nobody waits', serve: ({ mysql: serve }) => serve(TABLES), ask: (at) => outcomeOf(async () => {
    const pool = mysql.createPool({ ...options(at), connectionLimit: 1, waitForConnections: false });
    try {
      return await Promise.all([pool.query('SELECT 1 AS n'), pool.query('SELECT 2 AS n')]);
    } finally {
      await pool.end();
    }
  }) },
  { name: 'connect: nobody listens', serve: ({ closed }) => closed(), ask: (at) => connected(at, async () => null) },
  { name: 'connect: a wrong password', serve: ({ mysql: serve }) => serve(TABLES), ask: (at) => connected(at, async () => null, { password: 'wrong' }) },
  { name: 'connect: no such database', serve: ({ mysql: serve }) => serve(TABLES), ask: (at) => connected(at, async () => null, { database: 'nowhere' }) },
  { name: 'connect: too many', serve: ({ mysql: serve }) => serve([...TABLES, 'ALTER USER app@localhost WITH MAX_USER_CONNECTIONS 1']), ask: (at) => connected(at, async () => await connected(at, async () => null)) },
];
