import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { observe, type Observation } from '../../support/observed-app.ts';
import { testPostgres, type TestPostgres } from '../../support/postgres.ts';

const PG = { 'drivers/pg/index.js': 'pg' };
const SCHEMA = `
  CREATE SCHEMA "Odd Name";
  CREATE TYPE mood AS ENUM ('sad', 'it''s ok', 'happy');
  CREATE DOMAIN positive AS int DEFAULT 1 NOT NULL CONSTRAINT above CHECK (VALUE > 0);
  CREATE TYPE place AS (x float8, y float8);
  CREATE SEQUENCE order_numbers INCREMENT BY 10 START WITH 1000;
  CREATE FUNCTION next_order() RETURNS bigint LANGUAGE sql AS $$ SELECT nextval('order_numbers') $$;
  CREATE TABLE users (id serial PRIMARY KEY, email varchar(200) NOT NULL COLLATE "C" UNIQUE, mood mood DEFAULT 'happy', at timestamptz(3) DEFAULT now(), "where" place, tags text[] NOT NULL DEFAULT '{}');
  CREATE TABLE "Odd Name"."Orders" (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, number bigint DEFAULT next_order(), user_id int NOT NULL REFERENCES users ON DELETE CASCADE DEFERRABLE,
    amount numeric(10,2) CHECK (amount >= 0), taxed numeric GENERATED ALWAYS AS (amount * 1.2) STORED, n positive);
  CREATE TABLE events (id int, at date NOT NULL) PARTITION BY RANGE (at);
  ALTER TABLE events ADD PRIMARY KEY (id, at);
  CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
  CREATE INDEX lower_email ON users (lower(email)) WHERE mood <> 'sad';
  CREATE INDEX ON events (at);
  CREATE VIEW happy_users AS SELECT id, email FROM users WHERE mood = 'happy';
  CREATE MATERIALIZED VIEW totals AS SELECT user_id, sum(amount) AS total FROM "Odd Name"."Orders" GROUP BY user_id;
  CREATE UNIQUE INDEX ON totals (user_id);
  CREATE FUNCTION greet(u users) RETURNS text LANGUAGE sql AS $$ SELECT 'Hello ' || u.email $$;
  CREATE FUNCTION two() RETURNS int BEGIN ATOMIC SELECT count(*)::int FROM users; END;
  CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.at := now(); RETURN NEW; END $$;
  CREATE TRIGGER touched BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch();
  CREATE TABLE secured (id int);
  ALTER TABLE secured ENABLE ROW LEVEL SECURITY;
  CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq);
  ALTER ROLE app SET search_path = public, "Odd Name";
`;

const APP = `
  const { Client } = require('pg');
  async function main() {
    const client = new Client();
    await client.connect();
    await inRequest(0, () => client.query('SELECT u.email AS address, u.mood, o.number FROM users u LEFT JOIN "Orders" o ON o.user_id = u.id'));
    if (process.env.WAIT) await schemasKnown();
    await client.end();
  }
  main().catch((error) => { console.error(error); process.exitCode = 1; });
`;
const app = (env: Readonly<Record<string, string>>): Promise<Observation> => observe({ source: APP, type: 'cjs', instrument: PG, env });

let database: TestPostgres;
beforeAll(async () => {
  database = await testPostgres(SCHEMA);
});
afterAll(() => database?.[Symbol.asyncDispose]());

test('the schema of a database is read once, in the background, and makes an equivalent one', async () => {
  const seen = await app({ ...database.env, WAIT: 'yes' });
  expect([seen.code, seen.stderr]).toEqual([0, '']);
  expect(seen.events.filter((event) => event.kind === 'socket')).toEqual([]);
  const [info] = seen.databases;
  expect(info).toMatchObject({ ddlSource: 'introspected', settings: { search_path: 'public, "Odd Name"', lc_collate: 'C', TimeZone: 'UTC' } });
  const ddl = info?.ddl ?? '';
  expect(ddl).toContain("CREATE TYPE public.mood AS ENUM ('sad', 'it''s ok', 'happy');");
  expect(seen.notCaptured).toEqual(['not in the schema of shop: operator public.===(integer,integer)']);

  // Origins and types have names now.
  const event = seen.events.find((one) => one.kind === 'sql' && one.request === 0);
  expect(event?.kind === 'sql' && 'ok' in event.outcome && event.outcome.ok.fields).toMatchObject([
    { name: 'address', type: 'varchar', table: 'users', column: 'email' },
    { name: 'mood', type: 'mood', table: 'users', column: 'mood' },
    { name: 'number', type: 'int8', table: 'Odd Name.Orders', column: 'number' },
  ]);

  // The statements run in an empty database, which then tells the same about itself.
  const admin = new Client({ host: database.server.socketFolder, port: database.port, user: 'deja_admin', database: 'template1' });
  await admin.connect();
  await admin.query('CREATE DATABASE copy OWNER app');
  await admin.end();
  const copy = new Client({ host: '127.0.0.1', port: database.port, user: 'app', password: 'app', database: 'copy' });
  await copy.connect();
  try {
    await copy.query(`GRANT ALL ON SCHEMA public TO app; ${ddl}`);
    await copy.query(`RESET ALL; INSERT INTO users (email) VALUES ('x'); INSERT INTO "Orders" (user_id, amount) VALUES (1, 10)`);
    expect((await copy.query('SELECT number, taxed, n, greet(u) FROM "Orders" o JOIN users u ON u.id = o.user_id')).rows).toEqual([{ number: '1000', taxed: '12.000', n: 1, greet: 'Hello x' }]);
  } finally {
    await copy.end();
  }
  const again = await app({ ...database.env, PGDATABASE: 'copy', WAIT: 'yes' });
  expect(again.databases[0]?.ddl).toBe(ddl);
});

test.each([['DEJA_SCHEMA', 'off'], ['DEJA_REPLAY', '/dev/null']])('not with %s=%s', async (name, value) => {
  const seen = await app({ ...database.env, [name]: value });
  expect(seen.databases[0]).not.toHaveProperty('ddl');
  expect(seen.notCaptured).toEqual([]);
});

test('a process that ends at once is not held back', async () => {
  const seen = await app(database.env);
  expect([seen.code, seen.stderr]).toEqual([0, '']);
});
