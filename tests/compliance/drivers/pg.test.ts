import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nodeOfMajor, npmFolder } from '../../support/npm-folder.ts';
import { observe, type Observation, type Observed } from '../../support/observed-app.ts';
import { freePort } from '../../support/free-port.ts';
import { testPostgres, type TestPostgres } from '../../support/postgres.ts';

const PG = { 'drivers/pg/index.js': 'pg' };
const SCHEMA = `
  CREATE TYPE mood AS ENUM ('sad', 'happy');
  CREATE TABLE users (id int PRIMARY KEY, email text UNIQUE, password text, mood mood, born timestamptz, data jsonb, score numeric(5,2), raw bytea);
  INSERT INTO users VALUES (47, 'a@example.org', 'secret', 'happy', '2020-01-02 03:04:05+00', '{"a": 1}', 1.50, '\\x0102');
`;

let database: TestPostgres;
beforeAll(async () => {
  database = await testPostgres(SCHEMA);
});
afterAll(() => database?.[Symbol.asyncDispose]());

const WAYS = `
  const { AsyncLocalStorage } = als;
  const storage = new AsyncLocalStorage();
  const say = (...parts) => console.log(JSON.stringify(parts));
  const show = (error) => ({ message: error.message, code: error.code, name: error.name, detail: error.detail, keys: Object.keys(error).toSorted?.() });
  const { Client, Pool, Query } = pg;
  async function main() {
    const client = new Client();
    await client.connect();
    say('row', (await client.query('SELECT * FROM users WHERE id = $1', [47])).rows);
    say('array', (await client.query({ text: 'SELECT id, id, email FROM users', rowMode: 'array' })).rows);
    say('named', (await client.query({ name: 'by-id', text: 'SELECT email FROM users WHERE id = $1', values: ['47'] })).rows, (await client.query({ name: 'by-id', values: [1] })).rows);
    say('many', (await client.query('BEGIN; SELECT 1 AS one; UPDATE users SET score = 2 WHERE id = 47; ROLLBACK')).map((r) => [r.command, r.rowCount, r.rows]));
    say('empty', (await client.query('')).rows);
    say('params', (await client.query('SELECT $1::jsonb AS j, $2::int[] AS a, $3::bytea AS b, $4::timestamptz IS NULL AS n', [{ x: [1] }, [1, 2], Buffer.from('hi'), null])).rows);
    const changing = { was: 1 };
    const asked = client.query('SELECT $1::jsonb AS changed', [changing]);
    changing.was = 2;
    say('changed', (await asked).rows);
    await client.query("INSERT INTO users (id, email, password) VALUES ($1, $2, $3)", [47, 'x', 'hunter2']).catch((error) => say('unique', show(error), error instanceof pg.DatabaseError, error.stack.includes('app.')));
    await client.query('SELEC').catch((error) => say('syntax', show(error)));
    say('wrong use', await client.query('SELECT $1::int', 'nope').catch((error) => show(error)));
    try { client.query(null); } catch (error) { say('null', show(error)); }
    await new Promise((done) => storage.run('callback', () => client.query('SELECT 1 AS x', (error, result) => { say('callback', error, result.rows, storage.getStore()); done(); })));
    const config = { text: 'SELECT 2 AS x', callback: (error, result) => say('config callback', error, result.rows) };
    const before = config.callback;
    await new Promise((done) => { config.callback = (e, r) => { before(e, r); done(); }; client.query(config); });
    await new Promise((done) => storage.run('emitter', () => {
      const query = new Query('SELECT 3 AS x');
      const seen = [];
      query.on('row', (row) => seen.push([row, storage.getStore()])).on('end', () => { say('emitter', seen, storage.getStore()); done(); });
      if (client.query(query) !== query) say('not the same');
    }));
    await new Promise((done) => { const query = new Query('SELECT 1/0'); query.on('error', (error) => { say('emitter error', show(error)); done(); }); client.query(query); });
    say('types', (await client.query({ text: 'SELECT 9::int AS t', types: { getTypeParser: () => (text) => 'parsed ' + text } })).rows);
    say('throwing parser', await client.query({ text: 'SELECT 9::int AS t', types: { getTypeParser: () => () => { throw new Error('parser'); } } }).catch((error) => error.message));
    await client.end();
    await client.query('SELECT 1').catch((error) => say('ended', show(error)));

    const pool = new Pool({ max: 1 });
    const names = ['a', 'b', 'c'];
    const got = await Promise.all(names.map((name, n) => storage.run(name, () => inRequest(n, async () => {
      const result = await pool.query('SELECT $1::text AS who, pg_sleep(0.01)', [name]);
      return [result.rows[0].who, storage.getStore()];
    }))));
    say('pool', got);
    const seen = await Promise.all(names.map((name, n) => new Promise((done) => storage.run(name, () => inRequest(n, () => pool.connect((error, one, release) => {
      const inConnect = storage.getStore();
      one.query('SELECT 1 AS n', (failed, result) => { release(); done([inConnect, storage.getStore() ]); });
    }))))));
    say('pool callback', seen);
    await pool.query('SELECT nope').catch((error) => say('pool error', show(error)));
    await pool.end();
  }
  main().catch((error) => { console.error('main failed', error); process.exitCode = 1; });
`;

const source = (type: 'esm' | 'cjs', body: string): string =>
  type === 'esm' ? `import pg from 'pg'; import * as als from 'node:async_hooks'; ${body}` : `const pg = require('pg'); const als = require('node:async_hooks'); ${body}`;

const sql = (observation: Observation): Observed<'sql'>[] => observation.events.filter((event): event is Observed<'sql'> => event.kind === 'sql');
const find = (observation: Observation, text: string): Observed<'sql'> => {
  const found = sql(observation).find((event) => event.text.startsWith(text));
  if (found === undefined) throw new Error(`no event ${text}: ${sql(observation).map((event) => event.text).join(' | ')}`);
  return found;
};

const withoutContexts = (text: string): string => text.replaceAll(/^\["(pool callback|emitter|callback)",.*$/gm, '$1');

describe('every way of asking', () => {
  let plain: Observation;
  let seen: Observation;
  beforeAll(async () => {
    plain = await observe({ source: source('cjs', WAYS), type: 'cjs', instrument: {}, env: database.env });
    seen = await observe({ source: source('cjs', WAYS), type: 'cjs', instrument: PG, env: database.env });
  });

  test('the application sees what it sees without capture', () => {
    expect(plain.code, plain.stderr).toBe(0);
    expect(plain.stdout).toContain('"pool error"');
    expect(seen.stderr).toBe(plain.stderr);
    // The one intended difference: callbacks and listeners run in the context of the call.
    expect(withoutContexts(seen.stdout)).toBe(withoutContexts(plain.stdout));
    expect(seen.code).toBe(plain.code);
  });

  test('results, by the exact text of the wire', () => {
    const row = find(seen, 'SELECT * FROM users');
    expect(row).toMatchObject({ session: 1, params: ['47'], outcome: { ok: { command: 'SELECT', rowCount: 1, rows: [['47', 'a@example.org', '<password>', 'happy', '2020-01-02 03:04:05+00', '{"a": 1}', '1.50', '\\x0102']] } } });
    expect('ok' in row.outcome && row.outcome.ok.fields.slice(0, 3).map(({ name, type, columnId }) => [name, type, columnId])).toEqual([['id', 'int4', 1], ['email', 'text', 2], ['password', 'text', 3]]);
    expect(find(seen, 'SELECT id, id')).toMatchObject({ outcome: { ok: { rows: [['47', '47', 'a@example.org']] } } });
    expect(sql(seen).filter((event) => event.prepared === 'by-id').map((event) => [event.text, event.params])).toEqual([['SELECT email FROM users WHERE id = $1', ['47']], ['SELECT email FROM users WHERE id = $1', ['1']]]);
    expect(find(seen, 'SELECT $1::jsonb')).toMatchObject({ params: ['{"x":[1]}', '{"1","2"}', { base64: 'aGk=' }, null] });
    expect(find(seen, 'SELECT $1::jsonb AS changed')).toMatchObject({ params: ['{"was":1}'] });
    expect(find(seen, 'INSERT')).toMatchObject({ params: ['47', 'x', '<password>'] });
    // Values that a parser of the application changed, or choked on, are those of the server all the same.
    expect(sql(seen).filter((event) => event.text === 'SELECT 9::int AS t').map((event) => 'ok' in event.outcome && event.outcome.ok.rows)).toEqual([[['9']], [['9']]]);
  });

  test('several statements in one text', () => {
    expect(find(seen, 'BEGIN; SELECT')).toMatchObject({ outcome: { ok: { command: 'BEGIN', rowCount: null, rows: [], more: [{ command: 'SELECT', rowCount: 1, rows: [['1']] }, { command: 'UPDATE', rowCount: 1 }, { command: 'ROLLBACK' }] } } });
  });

  test('errors of the server and of the driver', () => {
    expect(find(seen, 'INSERT').outcome).toMatchObject({ error: { code: '23505', detail: 'Key (id)=(47) already exists.', fields: { severity: 'ERROR', table: 'users', constraint: 'users_pkey' } } });
    expect(find(seen, 'INSERT').outcome).not.toHaveProperty('error.phase');
    expect(find(seen, 'SELECT 1/0').outcome).toMatchObject({ error: { code: '22012' } });
    expect(sql(seen).find((event) => event.text === 'SELECT 1')?.outcome).toMatchObject({ error: { message: 'Client was closed and is not queryable', phase: 'send' } });
  });

  test('work on a shared connection belongs to the request that asked for it', () => {
    expect(sql(seen).filter((event) => event.text.includes('pg_sleep')).map((event) => [event.request, event.params, event.session])).toEqual([[0, ['a'], 2], [1, ['b'], 2], [2, ['c'], 2]]);
    expect(sql(seen).filter((event) => event.text === 'SELECT 1 AS n').map((event) => event.request)).toEqual([0, 1, 2]);
    expect(seen.stdout).toContain('["pool callback",[["a","a"],["b","b"],["c","c"]]]');
    expect(seen.stdout).toContain('["emitter",[[{"x":3},"emitter"]],"emitter"]');
  });

  test('the database', () => {
    expect(seen.databases).toEqual([
      expect.objectContaining({ engine: 'postgres', host: '127.0.0.1', port: database.port, database: 'shop', user: 'app', tls: false, version: expect.stringMatching(/^\d+\.\d+/) as string, settings: expect.objectContaining({ TimeZone: 'UTC', DateStyle: 'ISO, MDY' }) as object }),
    ]);
    expect(seen.limits).toEqual([]);
    expect(seen.notCaptured).toEqual([]);
  });
});

const TROUBLE = `
  const { Client, Pool, Query } = pg;
  const say = (...parts) => console.log(JSON.stringify(parts));
  async function main() {
    const refused = new Client({ host: '127.0.0.1', port: Number(process.env.CLOSED), connectionTimeoutMillis: 2000 });
    await refused.connect().catch((error) => say('refused', error.code));
    const pool = new Pool({ host: '127.0.0.1', port: Number(process.env.SILENT), connectionTimeoutMillis: 100 });
    await pool.query('SELECT 1').catch((error) => say('silent', error.message));
    await new Client({ user: 'nobody-of-that-name' }).connect().catch((error) => say('role', error.code));
    const slow = new Client({ query_timeout: 50 });
    slow.on('error', () => {});
    await slow.connect();
    await slow.query('SELECT pg_sleep(20)').catch((error) => say('timeout', error.message));
    const killer = new Client();
    await killer.connect();
    const victim = new Client();
    victim.on('error', (error) => say('error event', error.code, error.message));
    await victim.connect();
    const { rows: [{ pid }] } = await victim.query('SELECT pg_backend_pid() AS pid');
    const dying = victim.query('SELECT generate_series(1, 3), pg_sleep(0.05)').catch((error) => say('killed', error.code ?? error.message));
    await new Promise((done) => setTimeout(done, 30));
    await killer.query('SELECT pg_terminate_backend($1)', [pid]);
    await dying;
    // What is said of a connection depends on how far its end has got: here it is over.
    await new Promise((done) => setTimeout(done, 200));
    await victim.query('SELECT 2').catch((error) => say('unusable', error.message));
    const cut = new Client();
    cut.on('error', () => {});
    await cut.connect();
    const torn = cut.query('SELECT pg_sleep(5)').catch((error) => say('torn', error.message));
    setTimeout(() => cut.connection.stream.destroy(), 30);
    await torn;
    await killer.query(new Query('COPY users TO STDOUT')).catch?.(() => {});
    await new Promise((done) => setTimeout(done, 50));
    killer.query('SELECT pg_sleep(30)').catch(() => {});
    await new Promise((done) => setTimeout(done, 50));
    process.exit(0);
  }
  main().catch((error) => { console.error('main failed', error); process.exit(1); });
`;

describe('trouble', () => {
  let seen: Observation;
  let plain: Observation;
  const silent = createServer(() => {});
  beforeAll(async () => {
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const env = { ...database.env, CLOSED: String(await freePort()), SILENT: String((silent.address() as AddressInfo).port) };
    plain = await observe({ source: source('cjs', TROUBLE), type: 'cjs', instrument: {}, env });
    seen = await observe({ source: source('cjs', TROUBLE), type: 'cjs', instrument: PG, env });
  });
  afterAll(() => void silent.close());

  test('the application sees what it sees without capture', () => {
    expect(plain.code, plain.stderr).toBe(0);
    expect(seen.stdout).toBe(plain.stdout);
    expect(seen.stderr).toBe(plain.stderr);
  });

  test('connections that were not made', () => {
    const sockets = seen.events.filter((event) => event.kind === 'socket');
    expect(sockets.map((event) => [event.host, 'error' in event.outcome && event.outcome.error.phase, 'error' in event.outcome && (event.outcome.error.code ?? event.outcome.error.message)])).toEqual([
      ['127.0.0.1', 'connect', 'ECONNREFUSED'],
      ['127.0.0.1', 'connect', expect.stringMatching(/timeout|terminated/) as string],
      ['127.0.0.1', 'connect', '28000'],
    ]);
  });

  test('time-outs, lost connections, and what is still going on', () => {
    expect(find(seen, 'SELECT pg_sleep(20)').outcome).toEqual({ error: { name: 'Error', message: 'Query read timeout', phase: 'wait', bytes: 0 } });
    expect(find(seen, 'SELECT generate_series').outcome).toMatchObject({ error: { code: '57P01' } });
    expect(find(seen, 'SELECT 2').outcome).toMatchObject({ error: { phase: 'send' } });
    expect(find(seen, 'SELECT pg_sleep(5)').outcome).toMatchObject({ error: { message: 'Connection terminated unexpectedly', phase: 'wait' } });
    expect(find(seen, 'SELECT pg_sleep(30)').outcome).toEqual({ pending: {} });
    expect(find(seen, 'SELECT pg_sleep(30)').done).toBeUndefined();
  });

  test('COPY is said not to be captured', () => {
    expect(seen.limits).toContain('data of COPY is not captured: COPY users TO STDOUT');
  });
});

describe.each([20, 22, 24, 26])('on Node %i', (major) => {
  const runtime = nodeOfMajor(major);
  if ('missing' in runtime) {
    test.skip(`pg (${runtime.missing})`, () => {});
    return;
  }
  test.each(['esm', 'cjs'] as const)('%s', async (type) => {
    const body = `const client = new pg.Client(); client.connect().then(() => client.query('SELECT id, password FROM users WHERE id = $1', [47])).then((result) => { console.log(JSON.stringify(result.rows)); return client.end(); });`;
    const seen = await observe({ source: source(type, body), type, instrument: PG, env: database.env, node: runtime.node });
    expect(seen.stderr).toBe('');
    expect(seen.stdout).toBe('[{"id":47,"password":"secret"}]\n');
    expect(sql(seen).map((event) => event.outcome)).toMatchObject([{ ok: { command: 'SELECT', rowCount: 1, rows: [['47', '<password>']] } }]);
  });
});

describe('cursors and streams', () => {
  const made = npmFolder(['pg@8', 'pg-cursor@2', 'pg-query-stream@4']);
  if ('missing' in made) {
    test.skip(`pg-cursor (${made.missing})`, () => {});
    return;
  }
  const body = `
    const Cursor = require('pg-cursor'), Stream = require('pg-query-stream');
    const say = (...parts) => console.log(JSON.stringify(parts));
    async function main() {
      const client = new pg.Client();
      await client.connect();
      const cursor = client.query(new Cursor('SELECT g AS n FROM generate_series(1, 5) g WHERE g > $1', [0]));
      say(await cursor.read(2));
      await cursor.close();
      const seen = [];
      for await (const row of client.query(new Stream('SELECT g AS m FROM generate_series(1, 3) g'))) seen.push(row);
      say(seen);
      const failing = client.query(new Cursor('SELECT nope'));
      await failing.read(1).catch((error) => say(error.code));
      await client.end();
    }
    main().catch((error) => { console.error('main failed', error); process.exitCode = 1; });
  `;
  test('are told as far as the application read them', async () => {
    const plain = await observe({ source: source('cjs', body), type: 'cjs', instrument: {}, env: database.env, packages: made.folder });
    const seen = await observe({ source: source('cjs', body), type: 'cjs', instrument: PG, env: database.env, packages: made.folder });
    expect(plain.stdout).toBe('[[{"n":1},{"n":2}]]\n[[{"m":1},{"m":2},{"m":3}]]\n["42703"]\n');
    expect([seen.stdout, seen.stderr]).toEqual([plain.stdout, plain.stderr]);
    expect(sql(seen).map((event) => event.text.slice(0, 16))).toEqual(['SELECT g AS n FR', 'SELECT g AS m FR', 'SELECT nope']);
    expect(sql(seen)[0]?.params).toEqual(['0']);
    expect(sql(seen)[0]?.outcome).toMatchObject({ ok: { rowCount: null, rows: [['1'], ['2']] } });
    expect(sql(seen)[1]?.outcome).toMatchObject({ ok: { rows: [['1'], ['2'], ['3']] } });
    expect(sql(seen)[2]?.outcome).toMatchObject({ error: { code: '42703' } });
    expect(seen.limits.join()).toContain('rows of a cursor that the application did not fetch');
    expect(seen.notCaptured.join()).toContain('Cursor objects given to pg');
  });
});
