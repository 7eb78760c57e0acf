import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import type { ReplayInstructions, SqliteAnswer } from '@deja/format';
import { npmFolder } from '../../support/npm-folder.ts';
import { observe, type Observation, type Observed } from '../../support/observed-app.ts';

const INSTRUMENT = { 'drivers/sqlite/better-sqlite3.js': 'betterSqlite3' };
const installed = npmFolder(['better-sqlite3@13']);
const folder = mkdtempSync(join(tmpdir(), 'deja-better-'));
const file = join(folder, 'shop.db');
const SCHEMA = 'CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT UNIQUE, score REAL)';

beforeEach(() => {
  rmSync(file, { force: true });
  const database = new DatabaseSync(file);
  database.exec(`${SCHEMA}; INSERT INTO users VALUES (47, 'a@example.org', 2)`);
  database.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const APP = `
  const say = (...parts) => console.log(JSON.stringify(parts, (key, value) => typeof value === 'bigint' ? value + 'n' : value));
  const attempt = (fn) => { try { return fn(); } catch (error) { return [error.name, error.message, error.code]; } };
  const database = new Database(process.env.FILE);
  const one = database.prepare('SELECT * FROM users WHERE id = ?');
  say(one.get(47), one.get(1), one.all(47), one.reader, one.source);
  say(database.prepare('SELECT id FROM users WHERE email = :email AND id > $least').all({ email: 'a@example.org', least: 1 }));
  say(database.prepare('INSERT INTO users (id, email) VALUES (?, ?)').run(48, 'b@example.org'));
  say(database.prepare('SELECT email FROM users ORDER BY id').pluck().all());
  say(database.prepare('SELECT id, email FROM users ORDER BY id').raw().all());
  say(database.prepare('SELECT users.id, 1 + 1 AS two FROM users').expand().get());
  say(database.prepare('SELECT id FROM users WHERE id = ?').bind(48).safeIntegers().get());
  say([...database.prepare('SELECT id FROM users ORDER BY id').iterate()].length);
  say(attempt(() => database.prepare('INSERT INTO users (id, email) VALUES (1, ?)').run('a@example.org')), attempt(() => database.prepare('SELEC')));
  database.transaction(() => database.exec("UPDATE users SET score = 3 WHERE id = 47"))();
  say(database.pragma('user_version', { simple: true }), database.exec('SELECT 1') === database);
`;
const source = (type: 'esm' | 'cjs', body: string): string => (type === 'esm' ? `import Database from 'better-sqlite3'; ${body}` : `const Database = require('better-sqlite3'); ${body}`);
const sql = (seen: Observation): Observed<'sql'>[] => seen.events.filter((event): event is Observed<'sql'> => event.kind === 'sql');

const ok = (rows: readonly (readonly string[])[]): SqliteAnswer['answer'] => ({ ok: { command: 'SELECT', rowCount: rows.length, fields: [{ name: 'r', type: 'integer' }, { name: 'm', type: 'text', table: 'mood', column: 'm' }], rows } });

describe('better-sqlite3', () => {
  if ('missing' in installed) {
    test.skip(`all of it (${installed.missing})`, () => {});
    return;
  }
  const run = (type: 'esm' | 'cjs', body: string, instrument: Readonly<Record<string, string>>, env: Readonly<Record<string, string>> = {}): Promise<Observation> =>
    observe({ source: source(type, body), type, instrument, env: { FILE: file, ...env }, packages: installed.folder });

  test.each(['cjs', 'esm'] as const)('%s: statements with their results, and nothing changed for the application', async (type) => {
    const plain = await run(type, APP, {});
    expect(plain.code, plain.stderr).toBe(0);
    rmSync(file);
    const database = new DatabaseSync(file);
    database.exec(`${SCHEMA}; INSERT INTO users VALUES (47, 'a@example.org', 2)`);
    database.close();
    const seen = await run(type, APP, INSTRUMENT);
    expect(seen.stdout).toBe(plain.stdout);
    expect(seen.stderr).toBe(plain.stderr);
    const [found, none, , named, insert, plucked, raw, expanded, bound, iterated, unique, syntax, begin, update, commit, pragma] = sql(seen);
    expect(found).toMatchObject({ params: [{ storage: 'real', text: '47' }], outcome: { ok: { command: 'SELECT', rows: [['47', 'a@example.org', '2']] } } });
    expect(found?.outcome).toHaveProperty('ok.fields.1', { name: 'email', type: 'text', table: 'users', column: 'email' });
    expect(none?.outcome).toMatchObject({ ok: { rows: [] } });
    expect(named?.params).toEqual(['a@example.org', { storage: 'real', text: '1' }]);
    expect(insert?.outcome).toMatchObject({ ok: { command: 'INSERT', rowCount: 1, lastId: '48' } });
    expect(plucked?.outcome).toMatchObject({ ok: { rows: [['a@example.org'], ['b@example.org']] } });
    expect(raw?.outcome).toMatchObject({ ok: { rows: [['47', 'a@example.org'], ['48', 'b@example.org']] } });
    expect(expanded?.outcome).toMatchObject({ ok: { rows: [['47', '2']] } });
    expect(bound).toMatchObject({ params: [{ storage: 'real', text: '48' }], outcome: { ok: { rows: [['48']] } } });
    expect(iterated?.outcome).toMatchObject({ ok: { rows: [['47'], ['48']] } });
    expect([unique?.outcome, syntax?.outcome]).toMatchObject([{ error: { code: 'SQLITE_CONSTRAINT_UNIQUE', message: 'UNIQUE constraint failed: users.email' } }, { error: { code: 'SQLITE_ERROR' } }]);
    expect([begin?.text, update?.text, commit?.text, pragma?.text]).toEqual(['BEGIN', 'UPDATE users SET score = 3 WHERE id = 47', 'COMMIT', 'PRAGMA user_version']);
    expect(seen.databases).toMatchObject([{ engine: 'sqlite', file, ddl: `${SCHEMA};`, ddlSource: 'introspected' }]);
  });

  test("in a replay, SQLite's clock is the application's", async () => {
    const at = Date.UTC(2020, 1, 29, 12, 0, 30);
    const body = `
      Date.now = () => ${at};
      const database = new Database(':memory:');
      database.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, made TEXT DEFAULT CURRENT_TIMESTAMP)");
      console.log(JSON.stringify([database.prepare('INSERT INTO t (id) VALUES (?) RETURNING made').get(7), database.prepare("SELECT datetime('now', '+1 day') AS a, unixepoch() AS b, typeof(unixepoch()) AS c, date(0, 'unixepoch') AS d").get()]));
    `;
    const replay = join(folder, 'clock.json');
    writeFileSync(replay, JSON.stringify({ requests: [], clock: at } satisfies ReplayInstructions));
    const seen = await run('cjs', body, INSTRUMENT, { DEJA_REPLAY: replay });
    expect(seen.code, seen.stderr).toBe(0);
    expect(JSON.parse(seen.stdout)).toEqual([{ made: '2020-02-29 12:00:30' }, { a: '2020-03-01 12:00:30', b: at / 1000, c: 'integer', d: '1970-01-01' }]);
  });

  test('in a replay, recorded answers are given in the form that is asked for', async () => {
    const answers: readonly SqliteAnswer[] = [
      { seq: 1, database: 'shop.db', text: 'SELECT r, m FROM vanished', params: [], repeat: true, answer: ok([['12', 'blue']]) },
      { seq: 2, database: 'shop.db', text: 'DELETE FROM users', params: [], repeat: false, answer: { error: { message: 'database is locked', code: 'SQLITE_BUSY' } } },
    ];
    const replay = join(folder, 'replay.json');
    writeFileSync(replay, JSON.stringify({ requests: [], sqlite: answers } satisfies ReplayInstructions));
    const body = `
      const say = (...parts) => console.log(JSON.stringify(parts));
      const database = new Database(process.env.FILE);
      const vanished = () => database.prepare('SELECT r, m FROM vanished');
      say(vanished().get(), vanished().pluck().get(), vanished().raw().all(), vanished().expand().get(), [...vanished().iterate()]);
      try { database.exec('DELETE FROM users'); } catch (error) { say(error instanceof Database.SqliteError, error.code, error.message); }
      say(database.prepare('SELECT count(*) AS n FROM users').get());
    `;
    const seen = await run('cjs', body, INSTRUMENT, { DEJA_REPLAY: replay });
    expect(seen.code, seen.stderr).toBe(0);
    expect(seen.stdout.trim().split('\n').map((line) => JSON.parse(line) as unknown)).toEqual([
      [{ r: 12, m: 'blue' }, 12, [[12, 'blue']], { $: { r: 12 }, mood: { m: 'blue' } }, [{ r: 12, m: 'blue' }]],
      [true, 'SQLITE_BUSY', 'database is locked'],
      [{ n: 1 }],
    ]);
  });
});
