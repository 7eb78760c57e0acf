import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileFixtures, postgresEngine, type SqlEngine } from '@deja/fixtures';
import type { DatabaseInfo, SqlEvent } from '@deja/format';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readCatalog } from '../../../packages/capture/src/drivers/pg/schema/read.ts';
import { askLikeDriver } from '../../support/ask-like-driver.ts';

const folder = mkdtempSync(join(tmpdir(), 'deja-test-'));
let engine: SqlEngine;
beforeAll(async () => {
  engine = await postgresEngine({ cacheFolder: folder });
});
afterAll(async () => {
  await engine?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** What capture reads of a database that was made by these statements, as its own role reads it. */
async function read(ddl: readonly string[]): Promise<{ readonly ddl: string; readonly leftOut: readonly string[] }> {
  await using database = await engine.open({ name: 'source', engine: 'postgres' });
  await database.define(ddl);
  const { catalog, leftOut } = await readCatalog((text) => askLikeDriver(database, text));
  await database.closeSessions();
  return { ddl: catalog.ddl, leftOut };
}

/** What is recorded where the statements run on that schema with those rows, and what the compiler makes of it. */
async function compiled(ddl: string, data: readonly string[], statements: readonly string[]) {
  await using database = await engine.open({ name: 'source', engine: 'postgres' });
  await database.define([ddl]);
  await database.refill({ tables: [], afterLoad: data });
  const events: SqlEvent[] = [];
  for (const text of statements) events.push({ seq: events.length + 1, kind: 'sql', database: 'main', session: 1, text, outcome: await (await database.session(1)).execute(text) });
  const { catalog } = await readCatalog((text) => askLikeDriver(database, text));
  await database.closeSessions();
  const named = events.map((event) => ('ok' in event.outcome ? { ...event, outcome: { ok: { ...event.outcome.ok, fields: event.outcome.ok.fields.map((field) => ({ ...field, ...origin(catalog.tables, field) })) } } } : event));
  const info: DatabaseInfo = { name: 'main', engine: 'postgres', ddl: catalog.ddl, ddlSource: 'introspected', settings: catalog.settings };
  const { plan, certificate } = await compileFixtures({ databases: [info], events: named }, { engines: [engine] });
  return { opaque: certificate.statements.filter((one) => !one.exact), leftOut: plan.databases[0]?.ddl.filter((one) => one.startsWith('--')), tables: Object.fromEntries((plan.databases[0]?.tables ?? []).map((table) => [table.name, table.rows.map((row) => row.values)])), afterLoad: plan.databases[0]?.afterLoad };
}

type Tables = Awaited<ReturnType<typeof readCatalog>>['catalog']['tables'];
function origin(tables: Tables, { tableId, columnId }: { readonly tableId?: number; readonly columnId?: number }): { readonly table?: string; readonly column?: string } {
  const table = tables.get(tableId ?? 0);
  const column = table?.columns.get(columnId ?? 0);
  return table && column !== undefined ? { table: table.name, column } : {};
}

describe('a schema that is read, made again and read again is the same', () => {
  test.each<[string, readonly string[]]>([
    ['aggregates', ["CREATE FUNCTION add(a text, b text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT coalesce(a || ', ' || b, b) $$", 'CREATE AGGREGATE listed (text) (SFUNC = add, STYPE = text, PARALLEL = SAFE)', "CREATE AGGREGATE counted (*) (SFUNC = int8inc, STYPE = int8, INITCOND = '0')", 'CREATE TABLE a (n text)', 'CREATE VIEW v AS SELECT listed(n) AS all_of_them FROM a']],
    ['partitions by range, list and hash, within each other, and a default one', [
      "CREATE TABLE r (id int NOT NULL, at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (id, at)) PARTITION BY RANGE (at)", "CREATE TABLE r1 PARTITION OF r FOR VALUES FROM ('2026-01-01') TO ('2026-07-01')", "CREATE TABLE r2 PARTITION OF r FOR VALUES FROM ('2026-07-01') TO ('2027-01-01') PARTITION BY LIST (id)",
      'CREATE TABLE r2a PARTITION OF r2 FOR VALUES IN (1, 2)', 'CREATE TABLE r2b PARTITION OF r2 DEFAULT', "ALTER TABLE r1 ALTER at SET DEFAULT '2026-01-02'", 'ALTER TABLE r1 ADD CHECK (id < 100)', 'CREATE INDEX ON r (at)', 'CREATE INDEX ON r1 (id)',
      'CREATE TABLE h (id int) PARTITION BY HASH (id)', 'CREATE TABLE h0 PARTITION OF h FOR VALUES WITH (MODULUS 2, REMAINDER 0)', 'CREATE TABLE h1 PARTITION OF h FOR VALUES WITH (MODULUS 2, REMAINDER 1)']],
    ['inheritance', ['CREATE TABLE p (id int, made date DEFAULT now())', 'CREATE TABLE c (extra text) INHERITS (p)', "ALTER TABLE c ALTER made SET DEFAULT '2026-01-01'", 'ALTER TABLE c ALTER id SET NOT NULL']],
    ['views over views that were made the other way round', ['CREATE TABLE t (id int PRIMARY KEY, n int)', 'CREATE VIEW outside AS SELECT 1 AS id', 'CREATE VIEW inside AS SELECT id FROM t', 'CREATE OR REPLACE VIEW outside WITH (security_barrier=true) AS SELECT id FROM inside', "ALTER VIEW outside ALTER id SET DEFAULT 7", 'CREATE VIEW grouped AS SELECT id, n FROM t GROUP BY id', 'CREATE MATERIALIZED VIEW m AS SELECT * FROM outside', 'CREATE UNIQUE INDEX ON m (id)']],
    ['columns that are computed, counted, and excluded', ['CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT n * 2 $$', 'CREATE TABLE g (id int GENERATED ALWAYS AS IDENTITY (START WITH 100 INCREMENT BY 5), n int, d int GENERATED ALWAYS AS (twice(n)) STORED, during int4range, EXCLUDE USING gist (during WITH &&) WHERE (n > 0))', 'CREATE INDEX ON g (twice(n))']],
    ['types of types', ["CREATE TYPE mood AS ENUM ('sad', 'ok')", 'CREATE FUNCTION is_fine(m mood) RETURNS bool LANGUAGE sql IMMUTABLE AS $$ SELECT m = $e$ok$e$ $$', 'CREATE DOMAIN fine AS mood CHECK (is_fine(VALUE))', 'CREATE TYPE pair AS (a fine, b text)', 'CREATE DOMAIN pairs AS pair[]', 'CREATE TYPE moods AS RANGE (SUBTYPE = float8, SUBTYPE_DIFF = float8mi, MULTIRANGE_TYPE_NAME = many_moods)', 'CREATE COLLATION nocase (PROVIDER = icu, LOCALE = $l$und-u-ks-level2$l$, DETERMINISTIC = false)'.replaceAll('$l$', "'"), 'CREATE TABLE t (p pairs, r moods, m many_moods, f fine, x text COLLATE nocase)']],
    ['rules and triggers', ['CREATE TABLE t (id int)', 'CREATE TABLE log (id int)', 'CREATE RULE noted AS ON INSERT TO t DO (INSERT INTO log VALUES (NEW.id); INSERT INTO log VALUES (-NEW.id))', 'CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$', 'CREATE TRIGGER seen BEFORE UPDATE OF id ON t FOR EACH ROW WHEN (OLD.id > 0) EXECUTE FUNCTION f()', 'CREATE CONSTRAINT TRIGGER late AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION f()', 'ALTER TABLE t DISABLE TRIGGER seen']],
    ['policies', ['CREATE ROLE reader', 'CREATE TABLE t (id int, tenant int)', 'ALTER TABLE t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', "CREATE POLICY own ON t FOR SELECT TO reader, CURRENT_USER USING (tenant = current_setting('app.tenant')::int)", 'CREATE POLICY more ON t AS RESTRICTIVE WITH CHECK (id > 0)', 'GRANT SELECT ON t TO reader']],
    ['names that have to be quoted', ['CREATE SCHEMA "My App"', 'CREATE TABLE "My App"."Order.Lines" ("Id" int PRIMARY KEY, "select" text, "a""b" int)', 'CREATE TABLE "x.y" (id int REFERENCES "My App"."Order.Lines")', 'CREATE VIEW "My App"."V" AS SELECT "Id" FROM "My App"."Order.Lines"']],
    ['functions that need tables, and tables that need functions', ['CREATE TABLE a (id int)', 'CREATE FUNCTION of_a(a) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT $1.id $$', 'CREATE TABLE b (x a, n int GENERATED ALWAYS AS (1) STORED, CHECK (of_a(x) > 0))', 'CREATE FUNCTION all_of() RETURNS SETOF b BEGIN ATOMIC SELECT * FROM b; SELECT * FROM b; END']],
  ])('%s', async (_name, ddl) => {
    const first = await read(ddl);
    expect(first.leftOut).toEqual([]);
    const second = await read([first.ddl.replaceAll(/^(?:CREATE ROLE|GRANT \w+ TO CURRENT_USER).*$/gm, ''), ...(first.ddl.match(/^(?:CREATE ROLE|GRANT \w+ TO CURRENT_USER).*$/gm) ?? [])].toReversed());
    expect(second.ddl).toBe(first.ddl);
  });
});

describe('statements on it are compiled', () => {
  test('rows of partitioned tables go through the whole, also those that a statement asks a part for', async () => {
    const ddl = `CREATE TABLE r (id int NOT NULL, at date NOT NULL, kind text NOT NULL, n int, PRIMARY KEY (id, at, kind)) PARTITION BY RANGE (at); CREATE TABLE r1 PARTITION OF r FOR VALUES FROM ('2026-01-01') TO ('2026-07-01');
      CREATE TABLE r2 PARTITION OF r FOR VALUES FROM ('2026-07-01') TO ('2027-01-01') PARTITION BY LIST (kind); CREATE TABLE r2a PARTITION OF r2 FOR VALUES IN ('a'); CREATE TABLE r2b PARTITION OF r2 FOR VALUES IN ('b', 'c')`;
    const rows = ["INSERT INTO r VALUES (1, '2026-02-01', 'x', 10), (2, '2026-08-01', 'a', 20), (3, '2026-09-01', 'b', 30), (4, '2026-09-02', 'c', 40)"];
    const { opaque, leftOut, tables } = await compiled(ddl, rows, ['SELECT id, n FROM r WHERE n > 15', 'SELECT sum(n) FROM r2', 'SELECT id, n FROM r2b', 'SELECT count(*) FROM r1', "INSERT INTO r1 VALUES (1, '2026-02-01', 'x', 1)", 'DELETE FROM r2a WHERE id = 2', 'UPDATE r2b SET n = n + 1 WHERE id = 3', 'SELECT id, n FROM r WHERE n > 15', "INSERT INTO r2a VALUES (9, '2026-02-01', 'x', 1)"]);
    expect([opaque, leftOut]).toEqual([[], []]);
    expect(Object.keys(tables)).toEqual(['r']);
  });

  test('what is made up for a row of a partitioned table lies in a partition', async () => {
    const ddl = "CREATE TABLE r (id int, at date NOT NULL) PARTITION BY RANGE (at); CREATE TABLE r1 PARTITION OF r FOR VALUES FROM ('2026-01-01') TO ('2026-07-01'); CREATE TABLE h (id int NOT NULL, n int) PARTITION BY HASH (id); CREATE TABLE h0 PARTITION OF h FOR VALUES WITH (MODULUS 2, REMAINDER 0); CREATE TABLE h1 PARTITION OF h FOR VALUES WITH (MODULUS 2, REMAINDER 1)";
    expect((await compiled(ddl, ["INSERT INTO r VALUES (1, '2026-02-01'), (2, '2026-02-01')", 'INSERT INTO h VALUES (1, 5)'], ['SELECT id FROM r ORDER BY id', 'SELECT count(*) FROM r', 'SELECT n FROM h'])).opaque).toEqual([]);
  });

  test('what refers to a row from a partition keeps it', async () => {
    const ddl = "CREATE TABLE c (id int PRIMARY KEY); CREATE TABLE r (id int NOT NULL, at date NOT NULL, c_id int) PARTITION BY RANGE (at); CREATE TABLE r1 PARTITION OF r FOR VALUES FROM ('2026-01-01') TO ('2026-07-01'); ALTER TABLE r1 ADD FOREIGN KEY (c_id) REFERENCES c";
    expect((await compiled(ddl, ['INSERT INTO c VALUES (7)', "INSERT INTO r VALUES (1, '2026-02-01', 7)"], ['DELETE FROM c WHERE id = 7', "INSERT INTO r VALUES (2, '2026-02-01', 8)"])).opaque).toEqual([]);
  });

  test('triggers and rules fire for statements, not for the rows of the fixture', async () => {
    const ddl = `CREATE TABLE t (id int PRIMARY KEY, n int, changed int NOT NULL DEFAULT 0); CREATE TABLE log (id int); CREATE TABLE noted (id int);
      CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF TG_OP = 'INSERT' THEN INSERT INTO log VALUES (NEW.id); ELSE NEW.changed := OLD.changed + 1; END IF; RETURN NEW; END $$;
      CREATE TRIGGER made BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f(); CREATE RULE r AS ON INSERT TO t DO ALSO INSERT INTO noted VALUES (NEW.id)`;
    const { opaque } = await compiled(ddl, ['SET session_replication_role = replica', 'INSERT INTO t VALUES (1, 5, 3)', 'RESET session_replication_role'], ['SELECT n, changed FROM t WHERE id = 1', 'SELECT count(*) FROM log', 'UPDATE t SET n = 6 WHERE id = 1 RETURNING changed', 'INSERT INTO t VALUES (2, 7)', 'SELECT id FROM log', 'SELECT id FROM noted']);
    expect(opaque).toEqual([]);
  });

  test('policies hold for the role of the application, and rows are loaded all the same', async () => {
    const ddl = "CREATE ROLE reader; CREATE TABLE t (id int PRIMARY KEY, tenant int, title text); ALTER TABLE t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; CREATE POLICY own ON t USING (tenant = current_setting('app.tenant')::int)";
    const { opaque, leftOut } = await compiled(ddl.replace('CREATE ROLE reader; ', ''), ['ALTER TABLE t NO FORCE ROW LEVEL SECURITY', "INSERT INTO t VALUES (1, 7, 'mine'), (2, 8, 'not mine')", 'ALTER TABLE t FORCE ROW LEVEL SECURITY'], ["SET app.tenant = '7'", 'SELECT id, tenant, title FROM t', "INSERT INTO t VALUES (3, 8, 'x')", "UPDATE t SET title = 'y' WHERE id = 2", "SET app.tenant = '8'", 'SELECT id, tenant, title FROM t']);
    expect([opaque, leftOut]).toEqual([[], []]);
  });

  test('a table whose name has a dot in it, in a schema whose name has one', async () => {
    const ddl = 'CREATE SCHEMA "my.app"; CREATE TABLE "my.app"."order.lines" (id int PRIMARY KEY, n int UNIQUE); CREATE TABLE "x.y" (id int PRIMARY KEY, line int REFERENCES "my.app"."order.lines")';
    const { opaque, tables } = await compiled(ddl, ['INSERT INTO "my.app"."order.lines" VALUES (1, 5)', 'INSERT INTO "x.y" VALUES (7, 1)'], ['SELECT l.n, x.id FROM "x.y" x JOIN "my.app"."order.lines" l ON l.id = x.line', 'INSERT INTO "my.app"."order.lines" VALUES (2, 5)', 'INSERT INTO "x.y" VALUES (8, 9)', 'SELECT id FROM "x.y"']);
    expect(opaque).toEqual([]);
    expect(Object.keys(tables)).toEqual(['"my.app"."order.lines"', '"x.y"']);
  });

  test('materialized views hold what the rows make of them', async () => {
    const { afterLoad } = await compiled('CREATE TABLE t (id int PRIMARY KEY, n int); CREATE MATERIALIZED VIEW m AS SELECT id, n FROM t WHERE n > 3', ['INSERT INTO t VALUES (1, 5), (2, 2)', 'REFRESH MATERIALIZED VIEW m'], ['SELECT id, n FROM t', 'SELECT id, n FROM m']);
    expect(afterLoad).toEqual(['REFRESH MATERIALIZED VIEW "m"']);
  });
});
