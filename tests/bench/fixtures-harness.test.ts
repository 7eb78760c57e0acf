import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SqlEvent, SqlResult } from '@deja/format';
import { postgresEngine, sqliteEngine, type SqlEngine, type SqlOutcome } from '@deja/fixtures';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runAside } from '../../bench/fixtures/aside.ts';
import type { Case } from '../../bench/fixtures/case.ts';
import { checkCase } from '../../bench/fixtures/check.ts';
import { outcomeDifference, rowsDifference } from '../../bench/fixtures/compare.ts';
import { Recorder, withoutSchema } from '../../bench/fixtures/recorder.ts';
import { rewritingsOf, RULES } from '../../bench/fixtures/rewrite/index.ts';
import { Source } from '../../bench/fixtures/source.ts';
import { growthExponent } from '../../bench/fixtures/statistics.ts';
import { csvObjects } from '../../bench/fixtures/workloads/defog/csv.ts';

const SCHEMA = ['CREATE TABLE users (id integer PRIMARY KEY, name text, age integer)', 'CREATE TABLE orders (id integer PRIMARY KEY, user_id integer REFERENCES users (id), total integer)'];
const DATA = ["INSERT INTO users VALUES (1, 'Ann', 30), (2, 'Ben', 41), (3, NULL, 25), (4, 'Ann', 60)", 'INSERT INTO orders VALUES (1, 1, 10), (2, 1, 20), (3, 2, 5), (4, NULL, 7)'];

/** For each rule a statement that it must rewrite. */
const SAMPLES: Readonly<Record<string, string>> = {
  'joins swapped': 'SELECT u.name, o.total FROM users u LEFT JOIN orders o ON o.user_id = u.id',
  'ON to WHERE': 'SELECT o.id FROM users u JOIN orders o ON o.user_id = u.id AND u.age > 30 WHERE o.total > 1',
  'WHERE to ON': 'SELECT o.id FROM users u JOIN orders o ON o.user_id = u.id WHERE u.age > 30',
  'subquery to WITH': 'SELECT s.n FROM (SELECT user_id, count(*) AS n FROM orders GROUP BY user_id) s WHERE s.user_id = 1',
  'WITH to subquery': 'WITH s AS (SELECT user_id, total FROM orders WHERE total > 5) SELECT u.name, s.total FROM s JOIN users u ON u.id = s.user_id',
  'IN (SELECT) to EXISTS': 'SELECT id FROM users WHERE id NOT IN (SELECT user_id FROM orders WHERE total < 10) AND id IN (SELECT user_id FROM orders)',
  'BETWEEN to comparisons': 'SELECT id FROM users WHERE age BETWEEN 26 AND 41',
  'IN (list) to OR': "SELECT id FROM users WHERE name IN ('Ann', 'Cid') AND id NOT IN (4, 5)",
  'comparisons turned': 'SELECT id FROM users WHERE age >= 41',
  'HAVING to WHERE': 'SELECT name, count(*) AS n FROM users GROUP BY name HAVING count(*) > 1 ORDER BY n',
  'count to sum': 'SELECT count(*) FROM users WHERE age > 100',
  'DISTINCT to GROUP BY': 'SELECT DISTINCT name FROM users',
  wrapped: 'SELECT name FROM users ORDER BY id LIMIT 2',
};

const cacheFolder = mkdtempSync(join(tmpdir(), 'deja-test-'));
let postgres: SqlEngine;
let sqlite: SqlEngine;
beforeAll(async () => {
  [postgres, sqlite] = await Promise.all([postgresEngine({ cacheFolder }), sqliteEngine()]);
});
afterAll(async () => {
  await postgres[Symbol.asyncDispose]();
  await sqlite[Symbol.asyncDispose]();
  rmSync(cacheFolder, { recursive: true, force: true });
});

async function recorded(engine: SqlEngine, ...texts: readonly string[]): Promise<Case> {
  await using source = await Source.open(engine, SCHEMA, DATA);
  const recorder = new Recorder(source);
  for (const text of texts) await recorder.execute(text);
  return recorder.finish('test', 'test');
}

function eventOf({ timeline }: Case): SqlEvent {
  const [event] = timeline.events;
  if (event?.kind !== 'sql') throw new Error('a statement');
  return event;
}

function resultOf(event: SqlEvent): SqlResult {
  if (!('ok' in event.outcome)) throw new Error('a result');
  return event.outcome.ok;
}

describe('rewriter', () => {
  test('every rule has a sample', () => {
    expect(Object.keys(SAMPLES)).toEqual(Object.keys(RULES));
  });

  test.each(Object.entries(SAMPLES))('%s: another text, which gives the same rows', async (rule, text) => {
    const { rewritings } = await recorded(postgres, text);
    const made = rewritings.filter((one) => one.rule === rule).map((one) => one.text.replaceAll(/\s+/g, ' '));
    expect(made).toHaveLength(1);
    expect(made).not.toContain(text);
  });

  test('NOT IN with a NULL in the list stays empty', async () => {
    const one = await recorded(postgres, 'SELECT id FROM users WHERE id NOT IN (SELECT user_id FROM orders)');
    expect(resultOf(eventOf(one)).rows).toEqual([]);
    expect(one.rewritings.map(({ rule }) => rule)).toContain('IN (SELECT) to EXISTS');
  });

  test('what is no single read is left alone', async () => {
    for (const text of ['DELETE FROM users', 'WITH gone AS (DELETE FROM users RETURNING id) SELECT * FROM gone', 'SELECT 1; SELECT 2', 'SELECT FROM WHERE']) expect(await rewritingsOf(text, 'postgres')).toEqual([]);
  });

  test('parameters of SQLite keep their numbers', async () => {
    const texts = await rewritingsOf('SELECT "id" FROM "users" WHERE "age" > ? AND "name" = ?', 'sqlite');
    expect(texts.find(({ rule }) => rule === 'comparisons turned')?.text.replaceAll(/\s+/g, ' ')).toBe('SELECT id FROM users WHERE ?1 < age AND ?2 = name');
  });
});

describe('recorder', () => {
  test('names, types and origins as capture tells them; without the schema only numbers', async () => {
    const one = await recorded(postgres, 'SELECT u.name AS who, count(*) FROM users u GROUP BY 1');
    expect(resultOf(eventOf(one)).fields).toMatchObject([{ name: 'who', type: 'text', table: 'users', column: 'name', columnId: 2 }, { name: 'count', type: 'int8' }]);
    expect(one.timeline.databases?.[0]).toMatchObject({ ddlSource: 'introspected', ddl: expect.stringContaining('CREATE TABLE public.users') });
    const without = withoutSchema(one.timeline);
    expect(without.databases?.[0]).not.toHaveProperty('ddl');
    expect(JSON.stringify(without.events)).not.toMatch(/"(table|column)":/);
  });

  test('a failing read on the side does not end the transaction that it is in', async () => {
    await using source = await Source.open(postgres, SCHEMA, DATA);
    const execute = (text: string): Promise<SqlOutcome> => source.execute(text, [], 1);
    await execute('BEGIN');
    expect(await runAside(execute, 'SELECT id FROM nowhere', [])).toHaveProperty('error');
    expect(await execute('SELECT id FROM users')).toHaveProperty('ok');
    await source.closeSessions();
  });
});

describe('check', () => {
  const text = 'SELECT id, name FROM users WHERE age > 29 ORDER BY id';

  test('a recorded read is exact, and so are its rewritings', async () => {
    for (const engine of [postgres, sqlite]) {
      const result = await checkCase(await recorded(engine, text), engine);
      expect(result).toMatchObject({ statements: 1, exact: 1, failures: [], rows: 3 });
      expect(result.rewritings.length).toBeGreaterThan(1);
      expect(result.rewritings.filter((one) => one.difference !== undefined)).toEqual([]);
    }
  });

  test.each(['postgres', 'sqlite'] as const)('a read of the clock is exact, when it is compiled and when it runs on the plan: %s', async (kind) => {
    const engine = kind === 'postgres' ? postgres : sqlite;
    const one = await recorded(engine, kind === 'postgres' ? 'SELECT now(), count(*) FROM users WHERE age < extract(year FROM now())' : "SELECT datetime('now') AS now, unixepoch() AS s, count(*) AS n FROM users");
    await new Promise((done) => { setTimeout(done, 1100); });
    expect((await checkCase(one, engine)).failures).toEqual([]);
  });

  test('a rewriting that is not equivalent is noticed', async () => {
    const one = await recorded(postgres, text);
    const result = await checkCase({ ...one, rewritings: [{ seq: 1, rule: 'wrong', text: 'SELECT id, name FROM users WHERE age > 29 AND id > 1' }, { seq: 1, rule: 'fails', text: 'SELECT id, name FROM nowhere' }] }, postgres);
    expect(result.rewritings.map((tried) => tried.difference)).toEqual(['had 3 rows, now 2', 'relation "nowhere" does not exist']);
  });

  test('a corrupted row is not exact', async () => {
    const one = await recorded(postgres, 'SELECT id, name FROM users WHERE id = 1');
    const event = eventOf(one);
    const events = [{ ...event, outcome: { ok: { ...resultOf(event), rows: [['9', 'Ann']] } } }];
    const result = await checkCase({ ...one, timeline: { ...one.timeline, events } }, postgres);
    expect(result).toMatchObject({ statements: 1, exact: 0, failures: [{ seq: 1 }] });
  });

  test('the comparison sees a cell, a name, a type, the order, the number and the code of an error', async () => {
    const event = eventOf(await recorded(postgres, text));
    const ok = resultOf(event);
    const differs = (other: Partial<SqlResult>, ordered = true): boolean => outcomeDifference(event, { ok: { ...ok, ...other } }, 'postgres', ordered) !== undefined;
    expect(differs({})).toBe(false);
    expect(differs({ rows: [...ok.rows.slice(1), ['4', 'Anna']] })).toBe(true);
    expect(differs({ rows: ok.rows.toReversed() })).toBe(true);
    expect(differs({ rows: ok.rows.toReversed() }, false)).toBe(false);
    expect(differs({ rowCount: 2 })).toBe(true);
    expect(differs({ fields: ok.fields.map((field) => ({ ...field, name: 'other' })) })).toBe(true);
    expect(differs({ fields: ok.fields.map((field) => ({ ...field, type: 'int2' })) })).toBe(true);
    const failed: SqlEvent = { ...event, outcome: { error: { code: '23505', message: 'duplicate' } } };
    expect(outcomeDifference(failed, { error: { code: '23505', message: 'another text' } }, 'postgres', true)).toBeUndefined();
    expect(outcomeDifference(failed, { error: { code: '23503', message: 'duplicate' } }, 'postgres', true)).toBeDefined();
    expect(outcomeDifference(failed, { ok }, 'postgres', true)).toBeDefined();
    expect(rowsDifference(ok, { ...ok, rows: [] }, false)).toBe('had 3 rows, now 0');
  });
});

test('the exponent of a growth', () => {
  expect(growthExponent([10, 100, 1000].map((x) => ({ x, y: 3 * x ** 1.5 })))).toBeCloseTo(1.5);
});

test('CSV with quotes, lines and commas in fields', () => {
  expect(csvObjects('a,b\n"x ""y"", z",1\r\n"two\nlines", 2\n')).toEqual([{ a: 'x "y", z', b: '1' }, { a: 'two\nlines', b: ' 2' }]);
});
