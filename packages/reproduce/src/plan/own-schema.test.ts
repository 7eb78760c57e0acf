import { describe, expect, it } from 'vitest';
import type { IoEvent } from '@deja/format';
import { makesOwnSchema, requestRows } from './own-schema.js';

const ok = { ok: { command: 'SELECT', rowCount: 0, fields: [], rows: [] } };
const sql = (seq: number, text: string, scope: IoEvent['scope'] = { in: 'boot' }, outcome: unknown = ok): IoEvent => ({ seq, kind: 'sql', scope, database: 'main', session: 1, text, outcome }) as IoEvent;
const row = (id: string, from: readonly number[]) => ({ values: { id }, from });

describe('makesOwnSchema', () => {
  it('is true of a start that made the tables', () => {
    expect(makesOwnSchema({ timeline: [sql(1, 'BEGIN'), sql(2, 'CREATE TABLE users (id int)')] }, 'main', false)).toBe(true);
    expect(makesOwnSchema({ timeline: [sql(1, 'create table if not exists users (id int)')] }, 'main', true)).toBe(false);
    expect(makesOwnSchema({ timeline: [sql(1, 'CREATE TABLE x (id int)', { in: 'boot' }, { error: { message: 'exists' } })] }, 'main', false)).toBe(false);
    expect(makesOwnSchema({ timeline: [sql(1, 'CREATE TABLE x (id int)')] }, 'other', false)).toBe(false);
  });

  it('is true of other code where the recorded one looked for its migrations', () => {
    for (const text of ['SELECT * FROM "migrations" ORDER BY id', 'select name from knex_migrations', 'SELECT 1 FROM public._prisma_migrations', 'SELECT name FROM "SequelizeMeta"']) {
      expect(makesOwnSchema({ timeline: [sql(1, text)] }, 'main', true)).toBe(true);
      expect(makesOwnSchema({ timeline: [sql(1, text)] }, 'main', false)).toBe(false);
    }
    expect(makesOwnSchema({ timeline: [sql(1, 'SELECT * FROM immigrations'), sql(2, 'SELECT * FROM migrations', { in: 'request', request: 0 })] }, 'main', true)).toBe(false);
  });
});

it('requestRows keeps what the requests showed', () => {
  const timeline = [sql(1, 'SELECT'), sql(2, 'SELECT', { in: 'request', request: 0 })];
  const fixture = { name: 'main', engine: 'postgres', schema: 'introspected', ddl: ['CREATE TABLE t (id int)'], afterLoad: [], opaque: [],
    tables: [{ name: 't', columns: [], rows: [row('1', [1]), row('2', [1, 2])] }, { name: 'u', columns: [], rows: [row('3', [1])] }] } as const;
  expect(requestRows(fixture, { timeline })).toMatchObject({ ddl: [], tables: [{ name: 't', rows: [row('2', [1, 2])] }] });
});
