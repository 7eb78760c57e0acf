import { connect as dial } from 'node:net';
import type { SqlResult } from '@deja/format';
import { Client, type ClientConfig, Pool, type QueryResult } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SqlExchange, SqlProxyPlan } from '../plan.js';
import type { SqlUpstream } from '../sql/upstream.js';
import type { StartedStubs, StubEnvironment } from '../start.js';
import { hasPostgres, LOGIN, startEngine } from '../testing/engine.js';
import { portOf, startForTest, stopAfterTest, testAuthority } from '../testing/plan.js';

const usable = hasPostgres();
let engine: Awaited<ReturnType<typeof startEngine>> | undefined;
const clients: { end(): Promise<void> }[] = [];

beforeAll(async () => {
  if (!usable) return;
  engine = await startEngine();
  const admin = await connect(0, { host: engine.server.socketFolder, port: engine.server.port });
  await admin.query(`CREATE TABLE users (id int PRIMARY KEY, name text); INSERT INTO users VALUES (47, 'Ada'), (48, 'Bob')`);
});

afterEach(async () => {
  await Promise.allSettled(clients.splice(0).map((client) => client.end()));
  await stopAfterTest();
});

afterAll(async () => {
  await engine?.server.stop();
});

function upstream(): SqlUpstream {
  if (!engine) throw new Error('no engine');
  return engine.upstream;
}

async function connect(port: number, options: ClientConfig = {}): Promise<Client> {
  const client = new Client({ host: '127.0.0.1', port, ...LOGIN, password: 'anything', ...options });
  client.on('error', () => undefined);
  await client.connect();
  clients.push(client);
  return client;
}

/** What `psql` sends on Ctrl-C: a request on a connection of its own. */
function cancel(port: number, client: Client): void {
  const { processID, secretKey } = client as unknown as { processID: number; secretKey: number };
  const request = Buffer.alloc(16);
  for (const [index, value] of [16, 80_877_102, processID, secretKey].entries()) request.writeInt32BE(value, index * 4);
  dial(port, '127.0.0.1').on('error', () => undefined).end(request);
}

function proxy(statements: readonly Partial<SqlExchange>[], part: Partial<SqlProxyPlan> = {}, environment: Partial<StubEnvironment> = {}): Promise<StartedStubs> {
  const full = statements.map((one, index): SqlExchange => ({ seq: index + 1, repeat: false, session: 1, text: '', params: [], how: one.answer ? 'verbatim' : 'pass', ...one }));
  const plan: SqlProxyPlan = { database: 'main', host: 'db.example', port: 5432, tls: false, login: LOGIN, settings: {}, statements: full, ...part };
  return startForTest({ sql: [plan] }, { upstream, ...environment });
}

function rows(name: string, type: string, ...values: readonly string[]): SqlResult {
  return { command: 'SELECT', rowCount: values.length, fields: [{ name, type }], rows: values.map((value) => [value]) };
}

function onClock(text: string): string | undefined {
  return text.includes('now()') ? text.replace('now()', "'2020-02-29 12:00:00Z'::timestamptz") : undefined;
}

describe.runIf(usable)('statements that read the clock', () => {
  it('ask the engine for the time as it wants to be asked, however they come', async () => {
    const text = "SELECT (now() = '2020-02-29 12:00:00Z') AS past WHERE 1 = $1";
    const stubs = await proxy([{ text }, { text: "SELECT (now() = '2020-02-29 12:00:00Z') AS past" }], {}, { upstream: () => ({ ...upstream(), onClock }) });
    const client = await connect(portOf(stubs));
    expect((await client.query(text.replace(' WHERE 1 = $1', ''))).rows).toEqual([{ past: true }]);
    expect((await client.query({ name: 'past', text, values: [1] })).rows).toEqual([{ past: true }]);
    expect((await client.query({ name: 'past', text, values: [1] })).rows).toEqual([{ past: true }]);
    expect(stubs.divergences).toEqual([]);
  });
});

describe.skipIf(!usable)(`Postgres proxy${usable ? '' : ' (no Postgres binaries; apt-get install postgresql)'}`, () => {
  it('lets the engine answer, simple and prepared, and says what was not recorded', async () => {
    const stubs = await proxy([{ text: 'SELECT name FROM users WHERE id = $1', params: ['47'] }]);
    const client = await connect(portOf(stubs));
    expect((await client.query('SELECT name FROM users WHERE id = $1', [47])).rows).toEqual([{ name: 'Ada' }]);
    expect((await client.query({ name: 'by-id', text: 'SELECT name FROM users WHERE id = $1', values: [48] })).rows).toEqual([{ name: 'Bob' }]);
    expect((await client.query('SELECT 1 AS one; SELECT 2 AS two') as unknown as QueryResult[]).map((result) => result.rows[0])).toEqual([{ one: 1 }, { two: 2 }]);
    await expect(client.query('SELECT * FROM nowhere')).rejects.toMatchObject({ code: '42P01' });
    expect(stubs.served.map((served) => served.seq)).toEqual([1]);
    expect(stubs.notes[0]).toContain('parameter $1: "48" instead of "47"');
    expect(stubs.notes).toHaveLength(3);
    expect(stubs.divergences).toEqual([]);
  });

  it('answers verbatim what the engine cannot, simple, unnamed and named', async () => {
    const text = 'SELECT secret_function($1) AS n';
    const stubs = await proxy([
      { text, params: ['1'], answer: { ok: rows('n', 'int4', '7', '8') } },
      { text, params: ['2'], answer: { ok: rows('n', 'int4') } },
      { text: 'SELECT now() AS t', answer: { ok: rows('t', 'timestamptz', '2020-01-02 03:04:05+00') } },
      { text: 'SELECT 1 AS a; SELECT 2 AS b', answer: { ok: { ...rows('a', 'int4', '5'), more: [rows('b', 'text', 'x')] } } },
    ]);
    const client = await connect(portOf(stubs));
    const first = await client.query(text, [1]);
    expect([first.rows, first.command, first.rowCount]).toEqual([[{ n: 7 }, { n: 8 }], 'SELECT', 2]);
    expect((await client.query({ name: 'secret', text, values: [2] })).rows).toEqual([]);
    expect((await client.query('SELECT now() AS t')).rows).toEqual([{ t: new Date('2020-01-02T03:04:05Z') }]);
    expect((await client.query('SELECT 1 AS a; SELECT 2 AS b') as unknown as QueryResult[]).map((result) => result.rows)).toEqual([[{ a: 5 }], [{ b: 'x' }]]);
    expect(stubs.served.map((served) => served.seq)).toEqual([1, 2, 3, 4]);
    expect(stubs.notes).toEqual([]);
  });

  it('lets the engine execute a prepared statement that only the proxy had seen', async () => {
    const text = 'SELECT name FROM users WHERE id = $1';
    const stubs = await proxy([{ text, params: ['1'], answer: { ok: rows('name', 'text', 'from the recording') } }, { seq: 2, text, params: ['47'] }]);
    const client = await connect(portOf(stubs));
    const ask = async (id: number): Promise<unknown> => (await client.query({ name: 'q', text, values: [id] })).rows;
    expect([await ask(1), await ask(47), await ask(48)]).toEqual([[{ name: 'from the recording' }], [{ name: 'Ada' }], [{ name: 'Bob' }]]);
  });

  it('fails the transaction in the engine when a recorded error fails it', async () => {
    const error = { message: 'could not serialize access', code: '40001', fields: { severity: 'ERROR', routine: 'x' } };
    const stubs = await proxy([{ text: 'UPDATE users SET name = $1 WHERE id = 47', params: ['lost'], answer: { error } }, { text: 'SELECT 3', answer: { error: { message: 'deadlock detected', code: '40P01', detail: 'why' } } }]);
    const client = await connect(portOf(stubs));
    for (const ask of [() => client.query('UPDATE users SET name = $1 WHERE id = 47', ['lost']), () => client.query('SELECT 3')]) {
      await client.query('BEGIN');
      await client.query(`UPDATE users SET name = 'undone' WHERE id = 47`);
      await expect(ask()).rejects.toMatchObject({ code: expect.stringMatching(/^40/) as string });
      await expect(client.query('SELECT 1')).rejects.toMatchObject({ code: '25P02' });
      expect((await client.query('COMMIT')).command).toBe('ROLLBACK');
    }
    expect((await client.query('SELECT name FROM users WHERE id = 47')).rows).toEqual([{ name: 'Ada' }]);
  });

  it('ends the transaction when its COMMIT was recorded as failed', async () => {
    const stubs = await proxy([{ text: 'COMMIT', answer: { error: { message: 'could not serialize access', code: '40001' } } }]);
    const client = await connect(portOf(stubs));
    await client.query('BEGIN');
    await client.query(`UPDATE users SET name = 'undone' WHERE id = 47`);
    await expect(client.query('COMMIT')).rejects.toMatchObject({ code: '40001' });
    expect((await client.query('SELECT name FROM users WHERE id = 47')).rows).toEqual([{ name: 'Ada' }]);
  });

  it('never answers where no answer came, and a cancel request ends the wait', async () => {
    const stubs = await proxy([{ text: 'SELECT 1', answer: { never: true } }, { text: 'SELECT 2', answer: { never: true } }]);
    const impatient = await connect(portOf(stubs), { query_timeout: 150 });
    await expect(impatient.query('SELECT 1')).rejects.toThrow('Query read timeout');
    const client = await connect(portOf(stubs));
    const held = client.query('SELECT 2');
    await new Promise((resolve) => setTimeout(resolve, 50));
    cancel(portOf(stubs), client);
    await expect(held).rejects.toMatchObject({ code: '57014' });
    expect((await client.query('SELECT 3 AS x')).rows).toEqual([{ x: 3 }]);
  });

  it('cancels in the engine what the engine is doing', async () => {
    const stubs = await proxy([]);
    const client = await connect(portOf(stubs));
    const busy = client.query('SELECT pg_sleep(20)');
    await new Promise((resolve) => setTimeout(resolve, 100));
    cancel(portOf(stubs), client);
    await expect(busy).rejects.toMatchObject({ code: '57014' });
  });

  it('drops the connection where it was lost', async () => {
    const stubs = await proxy([{ text: 'SELECT 1', answer: { drop: 'fin' } }, { text: 'SELECT $1::int', params: ['2'], answer: { drop: 'rst' } }]);
    await expect((await connect(portOf(stubs))).query('SELECT 1')).rejects.toThrow('Connection terminated unexpectedly');
    await expect((await connect(portOf(stubs))).query('SELECT $1::int', [2])).rejects.toThrow('ECONNRESET');
    expect(stubs.served.map((served) => served.seq)).toEqual([1, 2]);
  });

  it('lets the recorded time pass, also when the engine is faster', async () => {
    const stubs = await proxy([{ text: 'SELECT 1 AS x', ms: 120 }, { text: 'SELECT 2 AS x', ms: 120, answer: { ok: rows('x', 'int4', '2') } }], {}, { pace: 1 });
    const client = await connect(portOf(stubs));
    for (const text of ['SELECT 1 AS x', 'SELECT 2 AS x']) {
      const began = performance.now();
      await client.query(text);
      expect(performance.now() - began).toBeGreaterThan(110);
    }
  });

  it('copies in both directions', async () => {
    const stubs = await proxy([]);
    const client = await connect(portOf(stubs));
    // pg has no COPY of its own; its connection speaks it.
    const { connection } = client as unknown as { connection: { sendCopyFail(message: string): void; once(event: string, listener: () => void): void } };
    connection.once('copyInResponse', () => connection.sendCopyFail('enough'));
    await expect(client.query('COPY users FROM STDIN')).rejects.toMatchObject({ code: '57014' });
    await client.query('COPY users TO STDOUT');
    expect((await client.query('SELECT count(*)::int AS n FROM users')).rows).toEqual([{ n: 2 }]);
  });

  it('passes notifications on and keeps sessions apart in a pool', async () => {
    const stubs = await proxy([]);
    const listener = await connect(portOf(stubs));
    await listener.query('LISTEN news');
    const heard = new Promise<string | undefined>((resolve) => listener.on('notification', (message) => resolve(message.payload)));
    const pool = new Pool({ host: '127.0.0.1', port: portOf(stubs), ...LOGIN, password: 'x', max: 4 });
    clients.push(pool);
    const answers = await Promise.all(Array.from({ length: 20 }, async (_, index) => (await pool.query('SELECT $1::int AS n', [index])).rows[0] as { n: number }));
    expect(answers.map((answer) => answer.n)).toEqual(Array.from({ length: 20 }, (_, index) => index));
    await pool.query(`NOTIFY news, 'hello'`);
    expect(await heard).toBe('hello');
  });

  it('reports the recorded settings, and speaks TLS where it was recorded', async () => {
    const stubs = await proxy([], { tls: true, settings: { TimeZone: 'Asia/Tokyo', server_version: '12.9' } });
    const client = await connect(portOf(stubs), { ssl: { ca: testAuthority.pem, servername: 'db.example' } });
    expect((await client.query('SHOW TimeZone')).rows).toEqual([{ TimeZone: 'Asia/Tokyo' }]);
    expect((client as unknown as { connection: { stream: { encrypted?: boolean } } }).connection.stream.encrypted).toBe(true);
  });

  it('refuses a database that was not recorded', async () => {
    const stubs = await proxy([]);
    await expect(connect(portOf(stubs), { database: 'other' })).rejects.toMatchObject({ code: '3D000' });
    expect(stubs.divergences[0]?.asked).toBe('connect to database other as shop_app');
  });

  it('needs an engine', async () => {
    await expect(startForTest({ sql: [{ database: 'main', host: 'h', port: 1, tls: false, login: {}, settings: {}, statements: [] }] })).rejects.toMatchObject({ code: 'DEJA_NO_ENGINE' });
  });
});
