/** What users of `pg` see: answers in both protocols, errors of the server, of circumstances, and of the way there. */
import { Client, type ClientConfig, type Notification, Pool, type PoolConfig, type QueryConfig } from 'pg';
import type { Scenario, Where } from '../scenario.ts';
import { outcomeOf, pause } from '../seen.ts';

const TABLES = [
  `CREATE TYPE mood AS ENUM ('calm', 'wild')`,
  'CREATE TABLE users (id serial PRIMARY KEY, name text NOT NULL UNIQUE, score numeric(8,2), ratio float8, born timestamptz, day date, took interval, big int8, raw bytea, doc jsonb, tags text[], active bool, mood mood, ip inet, id2 uuid)',
  `INSERT INTO users (name, score, ratio, born, day, took, big, raw, doc, tags, active, mood, ip, id2) VALUES ('Ann', 1.50, 0.1, '2020-01-02 03:04:05.678+02', '2020-02-29', '1 day 02:03:04', 9223372036854775807, '\\x00ff', '{"a": [1, 2]}', '{x,"y z",NULL}', true, 'wild', '10.0.0.1', '7f9c2ba4-e88f-4271-9c0e-1d2b5a6c7d8e'), ('Bob', 'NaN', 'Infinity', NULL, NULL, NULL, NULL, NULL, NULL, NULL, false, NULL, NULL, NULL)`,
  'CREATE TABLE orders (id serial PRIMARY KEY, user_id int NOT NULL REFERENCES users (id), total numeric(8,2) NOT NULL DEFAULT 0 CHECK (total >= 0), doubled numeric GENERATED ALWAYS AS (total * 2) STORED)',
  'INSERT INTO orders (user_id, total) VALUES (1, 10), (1, 20.5), (2, 7)',
  `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no more than %', 100 USING HINT = 'take less', DETAIL = 'it was ' || NEW.total, ERRCODE = 'P0042'; END $$`,
  'CREATE TRIGGER too_much BEFORE INSERT ON orders FOR EACH ROW WHEN (NEW.total > 100) EXECUTE FUNCTION refuse()',
];

type Ask = (client: Client, at: Where) => Promise<unknown>;

function options({ host, port }: Where, more: ClientConfig = {}): ClientConfig {
  return { host, port, user: 'app', password: 'app', database: 'shop', ...more };
}

async function connected(at: Where, ask: Ask, more?: ClientConfig): Promise<unknown> {
  return await outcomeOf(async () => {
    const client = new Client(options(at, more));
    const errors: string[] = [];
    client.on('error', (error) => errors.push(error.message));
    await client.connect();
    try {
      const value = await ask(client, at);
      return errors.length === 0 ? value : { value, errors };
    } finally {
      // Whoever is cut off does not say good-bye.
      await Promise.race([client.end(), pause(200)]).catch(() => undefined);
    }
  });
}

function scenario(name: string, ask: Ask, more?: ClientConfig): Scenario {
  return { name, serve: ({ postgres }) => postgres(TABLES), ask: (at) => connected(at, ask, more) };
}

/** Numbers of types that a database has itself are another in every database. */
const FIRST_OWN_TYPE = 16_384;

function shown({ command, rowCount, fields, rows }: { readonly command: string; readonly rowCount: number | null; readonly fields: readonly { readonly name: string; readonly dataTypeID: number; readonly format: string }[]; readonly rows: unknown }): unknown {
  return JSON.parse(JSON.stringify({ command, rowCount, fields: fields.map(({ name, dataTypeID, format }) => [name, dataTypeID < FIRST_OWN_TYPE ? dataTypeID : 'a type of its own', format]), rows })) as unknown;
}

/** The same as a simple query with its values in it, with parameters, and prepared by name. */
function all(name: string, text: string, values: readonly unknown[] = []): readonly Scenario[] {
  return [
    ...(values.length === 0 ? [scenario(`simple: ${name}`, async (client) => shown(await client.query(text)))] : []),
    scenario(`extended: ${name}`, async (client) => shown(await client.query({ text, values: [...values], ...(values.length === 0 && { queryMode: 'extended' }) } as QueryConfig))),
    scenario(`prepared: ${name}`, async (client) => [shown(await client.query({ name: 'one', text, values: [...values] })), shown(await client.query({ name: 'one', text, values: [...values] }))]),
  ];
}

/** What the server says beside the message. */
async function told(asking: () => Promise<unknown>): Promise<unknown> {
  try {
    return { value: await asking() };
  } catch (error) {
    const { name, message, code, severity, detail, hint, position, where, schema, table, column, constraint } = error as Record<string, unknown>;
    return { name, message, code, severity, detail, hint, position, where, schema, table, column, constraint };
  }
}

function refused(name: string, text: string, values?: readonly unknown[]): Scenario {
  return scenario(`error: ${name}`, async (client) => [await told(() => client.query(text, values ? [...values] : undefined)), (await client.query('SELECT 1 AS after')).rows]);
}

async function beside(at: Where, ask: (other: Client) => Promise<unknown>): Promise<unknown> {
  const other = new Client(options(at));
  other.on('error', () => undefined);
  await other.connect();
  try {
    return await ask(other);
  } finally {
    await other.end().catch(() => undefined);
  }
}

const rowsOf = async (client: Client, text: string, values?: unknown[]): Promise<unknown> => (await client.query(text, values)).rows;

async function deadlock(client: Client, at: Where): Promise<unknown> {
  return await beside(at, async (other) => {
    for (const one of [client, other]) await one.query('BEGIN');
    await client.query('UPDATE orders SET total = 1 WHERE id = 1');
    await other.query('UPDATE orders SET total = 2 WHERE id = 2');
    const waiting = told(() => rowsOf(client, 'UPDATE orders SET total = 3 WHERE id = 2 RETURNING total'));
    await pause(200);
    const second = await told(() => rowsOf(other, 'UPDATE orders SET total = 4 WHERE id = 1 RETURNING total'));
    await other.query('ROLLBACK');
    const first = await waiting;
    await client.query('ROLLBACK');
    // Which of the two is the victim is the server's choice; how it tells of processes is of the moment.
    return { first: codeOf(first), second: codeOf(second), after: await rowsOf(client, 'SELECT total FROM orders ORDER BY id') };
  });
}

function codeOf(seen: unknown): unknown {
  return (seen as { readonly code?: string }).code ?? 'done';
}

async function serialization(client: Client, at: Where): Promise<unknown> {
  return await beside(at, async (other) => {
    await client.query('BEGIN ISOLATION LEVEL SERIALIZABLE');
    await client.query('SELECT sum(total) FROM orders');
    await other.query('BEGIN ISOLATION LEVEL SERIALIZABLE');
    await other.query('SELECT sum(total) FROM orders');
    await other.query('INSERT INTO orders (user_id, total) VALUES (1, 5)');
    await other.query('COMMIT');
    const seen = await told(() => client.query('INSERT INTO orders (user_id, total) VALUES (2, 6)').then(() => client.query('COMMIT')));
    await client.query('ROLLBACK');
    return seen;
  });
}

async function locked(client: Client, at: Where): Promise<unknown> {
  return await beside(at, async (other) => {
    await other.query('BEGIN');
    await other.query('UPDATE orders SET total = 2 WHERE id = 2');
    const now = await told(() => client.query('SELECT * FROM orders WHERE id = 2 FOR UPDATE NOWAIT'));
    await client.query("SET lock_timeout = '200ms'");
    const late = await told(() => client.query('UPDATE orders SET total = 3 WHERE id = 2'));
    const skipped = await rowsOf(client, 'SELECT id FROM orders ORDER BY id FOR UPDATE SKIP LOCKED');
    await other.query('ROLLBACK');
    return { now, late, skipped };
  });
}

function endOf(client: Client): Promise<void> {
  return new Promise((resolve) => client.once('end', () => resolve()));
}

async function notified(client: Client, at: Where): Promise<unknown> {
  const seen: unknown[] = [];
  client.on('notification', ({ channel, payload }: Notification) => seen.push([channel, payload]));
  await client.query('LISTEN news');
  await client.query("NOTIFY news, 'of its own'");
  await beside(at, (other) => other.query("SELECT pg_notify('news', 'of another')"));
  await pause(200);
  return seen;
}

function pooled(name: string, more: PoolConfig, ask: (pool: Pool) => Promise<unknown>): Scenario {
  return {
    name: `pool: ${name}`,
    serve: ({ postgres }) => postgres(TABLES),
    ask: (at) => outcomeOf(async () => {
      const pool = new Pool({ ...options(at), ...more });
      pool.on('error', () => undefined);
      try {
        return await ask(pool);
      } finally {
        await Promise.race([pool.end(), pause(500)]);
      }
    }),
  };
}

export const scenarios: readonly Scenario[] = [
  ...all('every type', 'SELECT * FROM users ORDER BY id'),
  ...all('nothing found', 'SELECT name FROM users WHERE id = $1', [99]),
  ...all('values of many types', 'SELECT $1::int + 1 AS i, $2::text AS t, $3::timestamptz AS at, $4::jsonb AS j, $5::text[] AS l, $6::bytea AS b, $7::numeric AS n, $8::bool IS NULL AS nothing', [41, "O'Hara", new Date('2020-01-02T03:04:05.678Z'), { a: 1 }, ['x', null, 'y,z'], Buffer.from([0, 255]), '1.10', null]),
  ...all('a joined group', 'SELECT u.name, count(*) AS n, sum(o.total) AS total FROM users u JOIN orders o ON o.user_id = u.id GROUP BY u.id HAVING count(*) > $1 ORDER BY u.id', [1]),
  ...all('an update', 'UPDATE orders SET total = total + 1 WHERE user_id = $1', [1]),
  ...all('an empty query', ''),
  scenario('an insert that returns', async (client) => shown(await client.query('INSERT INTO orders (user_id, total) VALUES ($1, $2) RETURNING *', [2, 3.25]))),
  scenario('an upsert', async (client) => shown(await client.query('INSERT INTO users (name, score) VALUES ($1, 5) ON CONFLICT (name) DO UPDATE SET score = users.score + excluded.score RETURNING id, score', ['Ann']))),
  scenario('a delete', async (client) => shown(await client.query('DELETE FROM orders WHERE user_id = 1 RETURNING id'))),
  scenario('several statements', async (client) => (await client.query('SELECT 1 AS a; UPDATE orders SET total = 5 WHERE id = 1; SELECT total FROM orders WHERE id = 1') as unknown as Parameters<typeof shown>[0][]).map(shown)),
  scenario('several statements, the second wrong', async (client) => [await told(() => client.query('UPDATE orders SET total = 50 WHERE id = 1; SELECT 1/0')), await rowsOf(client, 'SELECT total FROM orders WHERE id = 1')]),
  scenario('rows as arrays', async (client) => shown(await client.query({ text: 'SELECT id, name, 1 AS id FROM users ORDER BY 1', rowMode: 'array' }))),
  scenario('binary results', async (client) => shown(await client.query({ text: 'SELECT id, name, ratio, active, raw, born FROM users ORDER BY id', binary: true, values: [] } as QueryConfig))),
  scenario('prepared, then changed values', async (client) => { const seen: unknown[] = []; for (const id of [1, 2, 1, 3]) seen.push(await rowsOf(client, { name: 'total', text: 'SELECT total FROM orders WHERE id = $1', values: [id] } as never)); return seen; }),
  scenario('prepared, failed, and again', async (client) => [await told(() => client.query({ name: 'half', text: 'SELECT 1 / $1::int AS half', values: [0] })), await rowsOf(client, { name: 'half', text: 'SELECT 1 / $1::int AS half', values: [1] } as never)]),
  scenario('prepared, deallocated, and again', async (client) => [await rowsOf(client, { name: 'x', text: 'SELECT $1::int AS x', values: [1] } as never), (await client.query('DEALLOCATE x')).command, await told(() => client.query({ name: 'x', text: 'SELECT $1::int AS x', values: [2] }))]),
  scenario('notices', async (client) => { const seen: unknown[] = []; client.on('notice', ({ message, severity, code }) => seen.push([severity, code, message])); await client.query(`DO $$ BEGIN RAISE NOTICE 'look %', 1; RAISE WARNING 'and here'; END $$`); await client.query('DROP TABLE IF EXISTS nowhere'); return seen; }),
  scenario('a transaction that is rolled back', async (client) => { await client.query('BEGIN'); await client.query('DELETE FROM orders'); await client.query('ROLLBACK'); return await rowsOf(client, 'SELECT count(*) AS n FROM orders'); }),
  scenario('a transaction that fails', async (client) => { await client.query('BEGIN'); const first = await told(() => client.query('SELECT 1/0')); const second = await told(() => client.query('SELECT 1')); const end = (await client.query('COMMIT')).command; return { first, second, end }; }),
  scenario('a savepoint', async (client) => { await client.query('BEGIN'); await client.query('SAVEPOINT a'); const failed = await told(() => client.query('INSERT INTO users (name) VALUES (NULL)')); await client.query('ROLLBACK TO a'); await client.query("INSERT INTO users (name) VALUES ('Cid')"); await client.query('COMMIT'); return [failed, await rowsOf(client, 'SELECT name FROM users ORDER BY id')]; }),
  scenario('a cursor', async (client) => { await client.query('BEGIN'); await client.query('DECLARE c CURSOR FOR SELECT id FROM orders ORDER BY id'); return [await rowsOf(client, 'FETCH 2 FROM c'), await rowsOf(client, 'FETCH 2 FROM c'), (await client.query('CLOSE c')).command, (await client.query('COMMIT')).command]; }),
  scenario('settings', async (client) => [await rowsOf(client, 'SHOW TimeZone'), await rowsOf(client, "SELECT set_config('app.tenant', 'one', false)"), await rowsOf(client, "SELECT current_setting('app.tenant') AS t, current_user AS u, current_database() AS d"), (await client.query("SET search_path TO 'nowhere'")).command, await told(() => client.query('SELECT * FROM users'))]),
  scenario('an isolation level', async (client) => { await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY'); const level = await rowsOf(client, 'SHOW transaction_isolation'); const write = await told(() => client.query('DELETE FROM orders')); await client.query('ROLLBACK'); return [level, write]; }),
  scenario('what only the engine knows', async (client) => await rowsOf(client, 'SELECT gen_random_uuid() AS u, random() AS r, pg_backend_pid() AS p, clock_timestamp() AS c')),
  scenario('now, in and out of a transaction', async (client) => { await client.query('BEGIN'); const [a] = (await client.query('SELECT now() AS t')).rows as { t: Date }[]; await pause(20); const [b] = (await client.query('SELECT now() AS t')).rows as { t: Date }[]; await client.query('COMMIT'); return [a?.t.getTime() === b?.t.getTime(), a?.t]; }),
  scenario('sequences', async (client) => [await rowsOf(client, "SELECT nextval('orders_id_seq')"), await rowsOf(client, "SELECT currval('orders_id_seq')"), await rowsOf(client, 'SELECT lastval()')]),
  scenario('advisory locks', async (client, at) => [await rowsOf(client, 'SELECT pg_try_advisory_lock(7)'), await beside(at, (other) => rowsOf(other, 'SELECT pg_try_advisory_lock(7)')), await rowsOf(client, 'SELECT pg_advisory_unlock(7)')]),
  scenario('a large result', async (client) => { const { rows } = await client.query("SELECT i, repeat('x', 100) AS x FROM generate_series(1, 5000) i"); return [rows.length, rows.at(-1)]; }),
  scenario('many statements at once', async (client) => await Promise.all(Array.from({ length: 20 }, (_, index) => rowsOf(client, 'SELECT $1::int * 2 AS n', [index])))),
  scenario('listening', notified),
  refused('a key that is there', 'INSERT INTO users (name) VALUES ($1)', ['Ann']),
  refused('a parent that is not', 'INSERT INTO orders (user_id) VALUES ($1)', [77]),
  refused('a parent that is needed', 'DELETE FROM users WHERE id = 1'),
  refused('a check', 'UPDATE orders SET total = -1 WHERE id = 1'),
  refused('nothing where something has to be', 'INSERT INTO users (name) VALUES (NULL)'),
  refused('a trigger that refuses', 'INSERT INTO orders (user_id, total) VALUES (1, 500)'),
  refused('a value out of range', 'UPDATE orders SET total = 1e9 WHERE id = 1'),
  refused('a text that is no number', 'SELECT $1::int', ['abc']),
  refused('a division by zero', 'SELECT 1 / 0 AS n'),
  refused('a table that is not', 'SELECT * FROM nowhere'),
  refused('a column that is not', 'SELECT nam FROM users'),
  refused('no statement at all', 'SELEC 1'),
  refused('too few values', 'SELECT $1::int + $2::int', [1]),
  refused('no right', 'CREATE ROLE other'),
  refused('a generated column', 'INSERT INTO orders (user_id, doubled) VALUES (1, 2)'),
  scenario('a deadlock', deadlock),
  scenario('a serialization failure', serialization),
  scenario('locks that others hold', locked),
  scenario('a statement that takes too long', async (client) => { await client.query("SET statement_timeout = '200ms'"); return [await told(() => client.query('SELECT pg_sleep(5)')), await rowsOf(client, 'SELECT 1 AS after')]; }),
  scenario('a time-out of the client', async (client) => await told(() => client.query('SELECT pg_sleep(2)')), { query_timeout: 300 }),
  scenario('a statement that another cancels', async (client, at) => { const { processID } = client as unknown as { readonly processID: number }; const waiting = told(() => client.query('SELECT pg_sleep(5)')); await pause(150); await beside(at, (other) => other.query('SELECT pg_cancel_backend($1)', [processID])); return [await waiting, await rowsOf(client, 'SELECT 1 AS after')]; }),
  scenario('a connection that is ended', async (client, at) => { const { processID } = client as unknown as { readonly processID: number }; const waiting = told(() => client.query('SELECT pg_sleep(5)')); await pause(150); await beside(at, (other) => other.query('SELECT pg_terminate_backend($1)', [processID])); return await waiting; }),
  scenario('an idle connection that is ended', async (client, at) => { const { processID } = client as unknown as { readonly processID: number }; const ended = endOf(client); await beside(at, (other) => other.query('SELECT pg_terminate_backend($1)', [processID])); await ended; return await told(() => client.query('SELECT 1')); }),
  scenario('idle for too long within a transaction', async (client) => { await client.query("SET idle_in_transaction_session_timeout = '150ms'"); await client.query('BEGIN'); const ended = endOf(client); await ended; return await told(() => client.query('SELECT 1')); }),
  pooled('more askers than connections', { max: 2 }, (pool) => Promise.all([1, 2, 3, 1].map(async (id) => (await pool.query('SELECT total FROM orders WHERE id = $1', [id])).rows))),
  pooled('nobody waits for long', { max: 1, connectionTimeoutMillis: 200 }, async (pool) => { const held = await pool.connect(); const seen = await told(() => pool.query('SELECT 1')); held.release(); return [seen, (await pool.query('SELECT 2 AS n')).rows]; }),
  pooled('a transaction on one of them', { max: 3 }, async (pool) => { const client = await pool.connect(); try { await client.query('BEGIN'); await client.query('UPDATE orders SET total = 99 WHERE id = 1'); const outside = (await pool.query('SELECT total FROM orders WHERE id = 1')).rows; await client.query('ROLLBACK'); return outside; } finally { client.release(); } }),
  { name: 'connect: nobody listens', serve: ({ closed }) => closed(), ask: (at) => connected(at, async () => null) },
  { name: 'connect: nobody answers', serve: ({ silent }) => silent(), ask: (at) => connected(at, async () => null, { connectionTimeoutMillis: 300 }) },
  { name: 'connect: a name that is none', serve: ({ nameless }) => nameless(), ask: (at) => connected(at, async () => null) },
  { name: 'connect: no such database', serve: ({ postgres }) => postgres(TABLES), ask: (at) => connected(at, async () => null, { database: 'nowhere' }) },
  { name: 'connect: no such role', serve: ({ postgres }) => postgres(TABLES), ask: (at) => connected(at, async () => null, { user: 'nobody' }) },
  { name: 'connect: TLS that is not offered', serve: ({ postgres }) => postgres(TABLES), ask: (at) => connected(at, async () => null, { ssl: true }) },
  { name: 'connect: too many', serve: ({ postgres }) => postgres([...TABLES, 'RESET ROLE', 'ALTER ROLE app CONNECTION LIMIT 1', 'SET ROLE app']), ask: (at) => connected(at, async () => await connected(at, async () => null)) },
  { name: 'connect: a server that hangs up', serve: ({ raw }) => raw((socket) => socket.once('data', () => socket.end())), ask: (at) => connected(at, async () => null) },
  { name: 'connect: a server that resets', serve: ({ raw }) => raw((socket) => socket.once('data', () => socket.resetAndDestroy())), ask: (at) => connected(at, async () => null) },
];
