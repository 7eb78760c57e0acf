import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ReplayInstructions, SqliteAnswer } from '@deja/format';
import { nodeOfMajor } from '../../support/npm-folder.ts';
import { observe, type Observation, type Observed } from '../../support/observed-app.ts';

const SQLITE = { 'drivers/sqlite/node-sqlite.js': 'nodeSqlite' };

const SCHEMA = 'CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT UNIQUE, password TEXT, score REAL, raw BLOB)';

function fresh(): void {
  rmSync(file, { force: true });
  const database = new DatabaseSync(file);
  database.exec(`${SCHEMA}; INSERT INTO users VALUES (47, 'a@example.org', 'secret', 2, x'0102')`);
  database.close();
}

let folder = '';
let file = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'deja-sqlite-'));
  file = join(folder, 'shop.db');
});
beforeEach(fresh);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const APP = `
  const say = (...parts) => console.log(JSON.stringify(parts, (key, value) => typeof value === 'bigint' ? value + 'n' : value));
  const show = (error) => [error.name, error.message, error.code, error.errcode, error.errstr];
  const attempt = (fn) => { try { return fn(); } catch (error) { return show(error); } };
  const database = new DatabaseSync(process.env.FILE);
  database.exec('CREATE TABLE notes (id INTEGER PRIMARY KEY, text)');
  const one = database.prepare('SELECT * FROM users WHERE id = ?');
  say(one.get(47), one.get(1), Object.getPrototypeOf(one.get(47)));
  const row = one.get(47); row.email = 'changed by the application';
  say(one.all(47));
  const named = database.prepare('SELECT id FROM users WHERE email = :email AND id > $least');
  say(named.all({ email: 'a@example.org', $least: 1 }));
  say(database.prepare('INSERT INTO users (id, email, password) VALUES (?, ?, ?)').run(48, 'b@example.org', 'hunter2'));
  say(database.prepare('INSERT INTO notes (text) VALUES (?) RETURNING id').get('x'));
  say(attempt(() => database.prepare('INSERT INTO users (id, email) VALUES (?, ?)').run(49, 'a@example.org')));
  say(attempt(() => database.prepare('SELECT nope FROM users')), attempt(() => database.exec('SELEC')));
  const all = database.prepare('SELECT id FROM users ORDER BY id');
  all.setReadBigInts(true);
  say([...all.iterate()].map((row) => row.id));
  for (const row of all.iterate()) { say(row.id); break; }
  const twice = database.prepare('SELECT id, id + 1 AS id FROM users WHERE id = 47');
  say(twice.get());
  if (twice.setReturnArrays) { twice.setReturnArrays(true); twice.get(); }
  say(database.prepare('WITH old AS (SELECT 1) UPDATE users SET score = 1.5 WHERE id = 47').run());
  say(new DatabaseSync(':memory:').prepare('SELECT 1 AS x, NULL AS y, 2.5 AS z').get());
`;
const source = (type: 'esm' | 'cjs', body = APP): string => (type === 'esm' ? `import { DatabaseSync } from 'node:sqlite'; ${body}` : `const { DatabaseSync } = require('node:sqlite'); ${body}`);
const sql = (seen: Observation): Observed<'sql'>[] => seen.events.filter((event): event is Observed<'sql'> => event.kind === 'sql');
const withoutWarning = (text: string): string => text.replaceAll(/^\(.*$\n?/gm, '');

describe.each([22, 24, 26])('node:sqlite on Node %i', (major) => {
  const runtime = nodeOfMajor(major);
  if ('missing' in runtime) {
    test.skip(`all of it (${runtime.missing})`, () => {});
    return;
  }
  test.each(['cjs', 'esm'] as const)('%s: statements with their results, and nothing changed for the application', async (type) => {
    const plain = await observe({ source: source(type), type, instrument: {}, env: { FILE: file }, node: runtime.node });
    expect(plain.code, plain.stderr).toBe(0);
    fresh();
    const seen = await observe({ source: source(type), type, instrument: SQLITE, env: { FILE: file }, node: runtime.node });
    expect(seen.stdout).toBe(plain.stdout);
    expect(withoutWarning(seen.stderr)).toBe(withoutWarning(plain.stderr));
    expect(sql(seen).map((event) => event.text.slice(0, 20))).toHaveLength(18);
    const [create, found, none, , , all, named, insert, returning, unique, nope, syntax, iterated, broken, twice, , update, memory] = sql(seen);
    expect(create).toMatchObject({ session: 1, outcome: { ok: { command: 'CREATE', rowCount: 0, fields: [], rows: [] } } });
    expect(found).toMatchObject({
      params: [{ storage: 'real', text: '47' }],
      outcome: { ok: { command: 'SELECT', rowCount: 1, rows: [['47', 'a@example.org', '<password>', '2', { base64: 'AQI=' }]] } },
    });
    expect(found?.outcome).toHaveProperty('ok.fields.3', { name: 'score', type: 'real', table: 'users', column: 'score' });
    expect(none?.outcome).toMatchObject({ ok: { rowCount: 0, rows: [] } });
    // The application has changed its row in the meantime; the database has not.
    expect(all?.outcome).toMatchObject({ ok: { rows: [['47', 'a@example.org', '<password>', '2', { base64: 'AQI=' }]] } });
    expect(named?.params).toEqual(['a@example.org', { storage: 'real', text: '1' }]);
    expect(insert).toMatchObject({ params: [{ storage: 'real', text: '48' }, 'b@example.org', '<password>'], outcome: { ok: { command: 'INSERT', rowCount: 1, lastId: '48' } } });
    expect(returning?.outcome).toMatchObject({ ok: { command: 'INSERT', rows: [['1']] } });
    expect(unique?.outcome).toMatchObject({ error: { message: 'UNIQUE constraint failed: users.email', code: 'ERR_SQLITE_ERROR', errno: 2067, fields: { errstr: 'constraint failed' } } });
    expect([nope?.outcome, syntax?.outcome]).toMatchObject([{ error: { message: 'no such column: nope' } }, { error: { message: 'near "SELEC": syntax error' } }]);
    expect([iterated?.outcome, broken?.outcome]).toMatchObject([{ ok: { rows: [['47'], ['48']] } }, { ok: { rows: [['47']] } }]);
    expect(twice?.outcome).toHaveProperty('ok.rows', [['48', '48']]);
    expect(seen.limits).toEqual(['of columns with the same name only the last is known: SELECT id, id + 1 AS id FROM users WHERE id = 47']);
    expect(update?.outcome).toMatchObject({ ok: { command: 'UPDATE', rowCount: 1 } });
    expect(memory).toMatchObject({ session: 2, outcome: { ok: { rows: [['1', null, '2.5']] } } });
    // What the program itself makes at its start is not part of what was there before.
    expect(seen.databases).toMatchObject([{ engine: 'sqlite', file, ddl: `${SCHEMA};`, ddlSource: 'introspected' }, { engine: 'sqlite', file: ':memory:' }]);
  });
});

describe('in a replay', () => {
  const answers: readonly SqliteAnswer[] = [
    { seq: 1, database: 'shop.db', text: 'SELECT abs(random() % 1000) + 5000 AS r', params: [], repeat: false, answer: { ok: { command: 'SELECT', rowCount: 1, fields: [{ name: 'r', type: 'integer' }], rows: [['12']] } } },
    { seq: 2, database: 'shop.db', text: 'SELECT abs(random() % 1000) + 5000 AS r', params: [], repeat: false, answer: { ok: { command: 'SELECT', rowCount: 1, fields: [{ name: 'r', type: 'integer' }], rows: [['34']] } } },
    { seq: 3, database: 'shop.db', text: 'SELECT * FROM vanished WHERE id = ?', params: [{ storage: 'real', text: '5' }], repeat: true, answer: { ok: { command: 'SELECT', rowCount: 1, fields: [{ name: 'x', type: 'real' }, { name: 'b', type: 'blob' }], rows: [['0.5', { base64: 'AQI=' }]] } } },
    { seq: 4, database: 'shop.db', text: 'UPDATE users SET score = 9', params: [], repeat: false, answer: { error: { message: 'database is locked', code: 'ERR_SQLITE_ERROR', errno: 5, fields: { errstr: 'database is locked' } } } },
    { seq: 5, database: 'shop.db', text: "INSERT INTO users (email) VALUES ('z')", params: [], repeat: false, answer: { ok: { command: 'INSERT', rowCount: 1, lastId: '99', fields: [], rows: [] } } },
  ];
  const body = `
    const show = (error) => [error.message, error.code, error.errcode, error.errstr];
    const attempt = (fn) => { try { return fn(); } catch (error) { return show(error); } };
    const say = (...parts) => console.log(JSON.stringify(parts));
    const database = new DatabaseSync(process.env.FILE);
    const random = database.prepare('SELECT abs(random() % 1000) + 5000 AS r');
    say(random.get(), random.all());
    say(random.get().r >= 5000);
    const vanished = database.prepare('SELECT * FROM vanished WHERE id = ?');
    say(vanished.all(5), [...vanished.iterate(5)], attempt(() => vanished.all(6)));
    say(attempt(() => database.exec('UPDATE users SET score = 9')));
    database.exec('UPDATE users SET score = 9');
    say(database.prepare("INSERT INTO users (email) VALUES ('z')").run(), database.prepare('SELECT count(*) AS n, max(score) AS s FROM users').get());
  `;
  test('recorded answers are given as they were, each once, without touching the engine', async () => {
    const instructions: ReplayInstructions = { requests: [], sqlite: answers };
    writeFileSync(join(folder, 'replay.json'), JSON.stringify(instructions));
    const seen = await observe({ source: source('cjs', body), type: 'cjs', instrument: SQLITE, env: { FILE: file, DEJA_REPLAY: join(folder, 'replay.json') } });
    expect(seen.code, seen.stderr).toBe(0);
    expect(seen.stdout.trim().split('\n').map((line) => JSON.parse(line) as unknown)).toEqual([
      [{ r: 12 }, [{ r: 34 }]],
      [true],
      [[{ x: 0.5, b: { 0: 1, 1: 2 } }], [{ x: 0.5, b: { 0: 1, 1: 2 } }], ['no recorded answer is left for: SELECT * FROM vanished WHERE id = ?', 'ERR_SQLITE_ERROR', 1, null]],
      [['database is locked', 'ERR_SQLITE_ERROR', 5, 'database is locked']],
      [{ changes: 1, lastInsertRowid: 99 }, { n: 1, s: 9 }],
    ]);
    // Given answers are part of the replay's timeline like any other.
    expect(sql(seen)[0]).toMatchObject({ text: 'SELECT abs(random() % 1000) + 5000 AS r', outcome: { ok: { rows: [['12']] } } });
    expect(sql(seen).find((event) => event.text.startsWith('UPDATE'))?.outcome).toMatchObject({ error: { message: 'database is locked', errno: 5 } });
  });

  test("SQLite's clock is the application's", async () => {
    const at = Date.UTC(2020, 1, 29, 12, 0, 30);
    const body = `
      const RealDate = Date;
      globalThis.Date = class extends RealDate { constructor(...args) { super(...(args.length ? args : [${at}])); } static now() { return ${at}; } };
      const database = new DatabaseSync(':memory:');
      database.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, made TEXT DEFAULT CURRENT_TIMESTAMP, day TEXT DEFAULT (date('now')))");
      database.exec('CREATE INDEX days ON t (date(day))');
      const row = database.prepare('INSERT INTO t (id) VALUES (?) RETURNING made, day').get(7);
      const other = database.prepare("SELECT datetime('now', '+1 day') AS a, strftime('%s', 'now') AS b, typeof(strftime('%s', 'now')) AS c, unixepoch() AS d, typeof(unixepoch()) AS e, date('2024-02-03') AS f, julianday('now') - julianday() AS g, datetime(0, 'unixepoch') AS h, date(NULL) AS i").get();
      console.log(JSON.stringify([row, other]));
    `;
    writeFileSync(join(folder, 'clock.json'), JSON.stringify({ requests: [], clock: at } satisfies ReplayInstructions));
    const seen = await observe({ source: source('cjs', body), type: 'cjs', instrument: SQLITE, env: { DEJA_REPLAY: join(folder, 'clock.json') } });
    expect(seen.code, seen.stderr).toBe(0);
    const seconds = at / 1000;
    expect(JSON.parse(seen.stdout)).toEqual([
      { made: '2020-02-29 12:00:30', day: '2020-02-29' },
      { a: '2020-03-01 12:00:30', b: String(seconds), c: 'text', d: seconds, e: 'integer', f: '2024-02-03', g: 0, h: '1970-01-01 00:00:00', i: null },
    ]);
    expect(seen.events.filter((event) => event.kind === 'sql').map((event) => event.text)).toHaveLength(4);
  });
});
