import { expect, test } from 'vitest';
import { boundValues, commandOf } from '../sqlite/parameters.js';
import { parameterNames } from './parameter-names.js';

const names = (text: string): Record<number, string> => Object.fromEntries(parameterNames(text));

test('columns that parameters stand for', () => {
  expect(names('SELECT * FROM users WHERE email = $1 AND "token" <> $2 AND lower(name) LIKE lower($3)')).toMatchObject({ 0: 'email', 1: 'token' });
  expect(names('UPDATE users SET password_hash = $2, at = now() WHERE id=$1')).toEqual({ 0: 'id', 1: 'password_hash' });
  expect(names('INSERT INTO "users" (id, email, "password") VALUES ($1, lower($2), $3::text), ($4, $5, $6)')).toMatchObject({ 0: 'id', 2: 'password', 3: 'id', 4: 'email', 5: 'password' });
  expect(names("INSERT INTO u (a, password) VALUES ($1, crypt($2, gen_salt('b,f'))) ON CONFLICT (a) DO UPDATE SET a = $3")).toEqual({ 0: 'a', 1: 'password', 2: 'a' });
  expect(names("SELECT '?' FROM t WHERE secret = ? AND other IN (?)")).toEqual({ 0: 'secret', 1: 'other' });
  expect(names('insert into t (a, b) values (?, ?)')).toEqual({ 0: 'a', 1: 'b' });
  expect(names('SELECT 1')).toEqual({});
});

test('values that a SQLite call binds, by the number of the parameter', () => {
  expect(boundValues('SELECT ?, ?', [1, 'b'])).toEqual([1, 'b']);
  expect(boundValues('SELECT ?, ?', [[1, 'b']])).toEqual([1, 'b']);
  expect(boundValues('SELECT :b, @a, :b, ?', [{ a: 1, ':b': 2 }, 3])).toEqual([2, 1, 3]);
  expect(boundValues("SELECT ':no', :yes -- :no", [{ yes: null }])).toEqual([null]);
  expect(boundValues('SELECT ?', [new Uint8Array([1])])).toEqual([new Uint8Array([1])]);
});

test('what a statement is', () => {
  expect(commandOf('/* x */ -- y\n select 1')).toBe('SELECT');
  expect(commandOf("WITH a AS (SELECT ')' FROM t), b AS (SELECT 1) DELETE FROM t")).toBe('DELETE');
  expect(commandOf('')).toBe('');
});
