/** `deja fixtures` on a stand-alone timeline and on a package; what it makes of them is tested where it is made. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { IoEvent, Timeline } from '@deja/format';
import { writePackageFile } from '@deja/format/writer';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deja } from '../support/deja.ts';
import { examplePackage } from '../support/example-package.ts';

const cwd = mkdtempSync(join(tmpdir(), 'deja-fixtures-'));
const DATABASES = [{ name: 'main', engine: 'sqlite' as const, ddl: 'CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);' }];
const EVENTS: readonly IoEvent[] = [
  {
    seq: 1, kind: 'sql', database: 'main', session: 1, text: 'SELECT id, name FROM users WHERE id = ?', params: [{ storage: 'integer', text: '47' }],
    outcome: { ok: { command: 'SELECT', rowCount: 1, fields: [{ name: 'id', type: 'integer', table: 'users', column: 'id' }, { name: 'name', type: 'text', table: 'users', column: 'name' }], rows: [['47', 'Ann']] } },
  },
  {
    seq: 2, kind: 'sql', database: 'main', session: 1, text: 'SELECT random() AS r',
    outcome: { ok: { command: 'SELECT', rowCount: 1, fields: [{ name: 'r', type: 'integer' }], rows: [['5']] } },
  },
];
const timeline: Timeline = { deja: 'timeline/1', databases: DATABASES, events: EVENTS };

beforeAll(() => {
  writeFileSync(join(cwd, 't.json'), JSON.stringify(timeline));
  writePackageFile(join(cwd, 'p.deja'), { ...examplePackage(), databases: DATABASES, timeline: EVENTS, servers: [] });
});
afterAll(() => rmSync(cwd, { recursive: true }));

test.each(['t.json', 'p.deja'])('--check of %s gives the certificate', async (file) => {
  const { code, stdout } = await deja(['fixtures', file, '--check', '--json'], { cwd });
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual({
    statements: 2, exact: 1, rows: 1, lowerBound: 1, minimal: true, ms: expect.any(Number) as number,
    opaque: [{ seq: 2, reason: expect.any(String) as string }],
  });
  const shown = await deja(['fixtures', file, '--check'], { cwd });
  expect(shown.stdout).toMatch(/^! 1 of 2 statements exact on sqlite [\d.]+, with 1 row \(each needed\).*\n! #2 .*\n +SELECT random\(\) AS r\n$/);
});

test('--format sql makes the database', async () => {
  const { stdout, stderr } = await deja(['fixtures', 't.json', '--format', 'sql'], { cwd });
  using database = new DatabaseSync(':memory:');
  database.exec(stdout);
  expect(database.prepare('SELECT * FROM users').all()).toEqual([{ id: 47, name: 'Ann' }]);
  expect(stderr).toContain('1 of 2 statements exact');
});

test('--format json and yaml say the same; --json gives the plan with its certificate', async () => {
  const parsed = JSON.parse((await deja(['fixtures', 't.json', '--format', 'json'], { cwd })).stdout) as unknown;
  expect(parsed).toMatchObject({ deja: 'fixtures/1', databases: { main: { engine: 'sqlite' } } });
  expect((await deja(['fixtures', 't.json'], { cwd })).stdout).toContain('deja: fixtures/1');
  const { fixtures, certificate } = JSON.parse((await deja(['fixtures', 't.json', '--json'], { cwd })).stdout) as Record<string, object>;
  expect(fixtures).toMatchObject({ deja: 'fixtures/1', databases: [{ name: 'main' }] });
  expect(certificate).toMatchObject({ statements: 2, exact: 1 });
});

test('--plan takes the fixtures as they stand in a file', async () => {
  const { stdout } = await deja(['fixtures', 't.json'], { cwd });
  writeFileSync(join(cwd, 'kept.yaml'), stdout);
  writeFileSync(join(cwd, 'edited.yaml'), stdout.replace('Ann', 'Bob'));
  writeFileSync(join(cwd, 'other.yaml'), stdout.replace('engine: sqlite', 'engine: postgres'));
  expect((await deja(['fixtures', 't.json', '--plan', 'kept.yaml', '--check'], { cwd })).stdout).toContain('1 of 2 statements exact');
  expect((await deja(['fixtures', 't.json', '--plan', 'edited.yaml', '--check'], { cwd })).stdout).toMatch(/0 of 2 statements exact[^]*"Ann"[^]*"Bob"/);
  const other = await deja(['fixtures', 't.json', '--plan', 'other.yaml', '--check'], { cwd });
  expect([other.code, other.stderr]).toEqual([6, expect.stringContaining("database main is for postgres, and its statements were recorded on sqlite")]);
  expect(await deja(['fixtures', 't.json', '--plan', 'none.yaml'], { cwd })).toMatchObject({ code: 2, stderr: expect.stringContaining('none.yaml cannot be read: ENOENT') as string });
});

test('a timeline that is wrong: 6, with event and field; an engine that cannot be had: 5', async () => {
  writeFileSync(join(cwd, 'bad.json'), JSON.stringify({ ...timeline, events: [{ ...EVENTS[0], session: 'one' }] }));
  expect(await deja(['fixtures', 'bad.json'], { cwd })).toMatchObject({ code: 6, stdout: '', stderr: expect.stringContaining('bad.json: event 1 (events[0]): session: expected number, received string') as string });
  writeFileSync(join(cwd, 'mysql.json'), JSON.stringify({ ...timeline, databases: [{ name: 'main', engine: 'mysql' }] }));
  expect(await deja(['fixtures', 'mysql.json'], { cwd, env: { MYSQLD_BIN: '/nowhere/mariadbd' } })).toMatchObject({ code: 5, stdout: '', stderr: expect.stringContaining('apt-get install mariadb-server') as string });
  expect(await deja(['fixtures', 't.json', '--engine', 'oracle'], { cwd })).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('postgres, sqlite') as string });
});
