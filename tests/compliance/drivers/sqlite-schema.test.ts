import { compileFixtures, sqliteEngine, type SqlDatabase, type SqlEngine } from '@deja/fixtures';
import type { DatabaseInfo, SqlEvent } from '@deja/format';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SCHEMA_QUERY } from '../../../packages/capture/src/drivers/sqlite/file.ts';

let engine: SqlEngine;
beforeAll(async () => {
  engine = await sqliteEngine();
});
afterAll(() => engine?.[Symbol.asyncDispose]());

const SCHEMA = [
  "CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT NOT NULL UNIQUE COLLATE NOCASE, born TEXT, age INT GENERATED ALWAYS AS (length(email)) STORED, half REAL AS (age / 2.0), CHECK (email LIKE '%@%'))",
  'CREATE TABLE settings (name TEXT, user_id INT REFERENCES users (id) ON DELETE CASCADE, value ANY, PRIMARY KEY (name, user_id)) STRICT, WITHOUT ROWID',
  'CREATE TABLE "order.lines" (id INTEGER PRIMARY KEY, "a""b" TEXT, n INT UNIQUE)',
  'CREATE TABLE log (what TEXT)',
  'CREATE INDEX partial ON users (lower(email)) WHERE born IS NOT NULL',
  'CREATE VIEW adults AS SELECT id, email FROM users WHERE age > 5',
  'CREATE VIEW first_adult (who) AS SELECT min(email) FROM adults',
  'CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT)',
  "CREATE VIRTUAL TABLE notes_text USING fts5(body, content='notes', content_rowid='id')",
  'CREATE TRIGGER indexed AFTER INSERT ON notes BEGIN INSERT INTO notes_text (rowid, body) VALUES (new.id, new.body); END',
  "CREATE TRIGGER noted AFTER INSERT ON users WHEN new.id > 0 BEGIN INSERT INTO log VALUES ('made; ' || CASE WHEN new.born IS NULL THEN 'x' ELSE 'y' END); END",
];

async function readSchema(database: SqlDatabase): Promise<string> {
  const outcome = await (await database.session(1)).execute(SCHEMA_QUERY);
  if ('error' in outcome) throw new Error(outcome.error.message);
  return outcome.ok.rows.map(([sql]) => `${typeof sql === 'string' ? sql : ''};`).join('\n');
}

async function made(ddl: readonly string[], data: readonly string[]): Promise<SqlDatabase> {
  const database = await engine.open({ name: 'source', engine: 'sqlite' });
  await database.define(ddl);
  await database.refill({ tables: [], afterLoad: data });
  return database;
}

test('a schema that is read and made again is the same', async () => {
  await using first = await made(SCHEMA, []);
  const ddl = await readSchema(first);
  expect(ddl).toBe(SCHEMA.map((one) => `${one};`).join('\n'));
  const { plan } = await compileFixtures({ databases: [{ name: 'main', engine: 'sqlite', ddl, ddlSource: 'introspected' }], events: [] }, { engines: [engine] });
  await using second = await made(plan.databases[0]?.ddl ?? [], []);
  expect(await readSchema(second)).toBe(ddl);
});

test('statements on it are exact: triggers fire for them and not for the rows of the fixture, and texts that were loaded are found', async () => {
  const data = ["INSERT INTO users (email) VALUES ('ann@example.com'), ('bob@x')", "INSERT INTO settings VALUES ('theme', 1, 'dark')", 'DELETE FROM log', "INSERT INTO notes VALUES (5, 'the quick fox'), (6, 'a slow one')", "INSERT INTO \"order.lines\" VALUES (1, 'x', 7)"];
  await using source = await made(SCHEMA, data);
  const texts = [
    'SELECT id, email, age, half FROM users WHERE id = 1', 'SELECT value FROM settings WHERE user_id = 1', 'SELECT count(*) FROM log', "INSERT INTO users (email) VALUES ('new@example.com') RETURNING id", 'SELECT what FROM log', "INSERT INTO users (email) VALUES ('nobody')",
    'SELECT id, body FROM notes WHERE id IN (5, 6)', "SELECT rowid FROM notes_text WHERE notes_text MATCH 'quick'", 'SELECT n FROM "order.lines" WHERE "a""b" = \'x\'', 'INSERT INTO "order.lines" (n) VALUES (7)',
  ];
  const events: SqlEvent[] = [];
  for (const text of texts) events.push({ seq: events.length + 1, kind: 'sql', database: 'main', session: 1, text, outcome: await (await source.session(1)).execute(text) });
  const info: DatabaseInfo = { name: 'main', engine: 'sqlite', ddl: await readSchema(source), ddlSource: 'introspected' };
  const { certificate, plan } = await compileFixtures({ databases: [info], events }, { engines: [engine] });
  expect(certificate.statements.filter((one) => !one.exact)).toEqual([]);
  expect(plan.databases[0]?.tables.map((table) => table.name)).not.toContain('log');
});
