import * as fc from 'fast-check';
import mysql from 'mysql2';
import { describe, expect, test } from 'vitest';
import { liftValues } from './written-values.js';

type Values = NonNullable<Parameters<typeof mysql.format>[1]>;

function lifted(template: string, values: readonly unknown[]): unknown {
  const found = liftValues(template, mysql.format(template, [...values] as Values));
  return found && [found.text, found.values.map((value) => (value === null ? null : value.kind === 'bytes' ? value.bytes : value.kind === 'number' ? Number(value.text) : value.text))];
}

describe('values that the driver wrote into a text', () => {
  test.each([
    ['plain ones', 'SELECT ? + ?, ?', [1, -2.5, 'x'], 'SELECT ? + ?, ?', [1, -2.5, 'x']],
    ['NULL', 'UPDATE t SET a = ? WHERE b = ?', [null, 1], 'UPDATE t SET a = ? WHERE b = ?', [null, 1]],
    ['what has to be escaped', 'SELECT ?', ['it\'s \\ "a"\n\0 ? ;--'], 'SELECT ?', ['it\'s \\ "a"\n\0 ? ;--']],
    ['bytes', 'SELECT ?', [Buffer.from([0, 255])], 'SELECT ?', [Buffer.from([0, 255])]],
    ['truth values stay words', 'SELECT ? AND ?', [true, 5], 'SELECT true AND ?', [5]],
    ['a list', 'SELECT * FROM t WHERE a IN (?) AND b = ?', [[1, 2, 'c'], 'd'], 'SELECT * FROM t WHERE a IN (?, ?, ?) AND b = ?', [1, 2, 'c', 'd']],
    ['rows', 'INSERT INTO t VALUES ?', [[['a', 1], ['b', null]]], 'INSERT INTO t VALUES (?, ?), (?, NULL)', ['a', 1, 'b']],
    ['an object', 'UPDATE t SET ? WHERE id = ?', [{ a: 'x', b: 2 }, 3], 'UPDATE t SET `a` = ?, `b` = ? WHERE id = ?', ['x', 2, 3]],
    ['names', 'SELECT ?? FROM ?? WHERE a = ?', ['t.a', 't', 1], 'SELECT `t`.`a` FROM `t` WHERE a = ?', [1]],
    ['too few values', 'SELECT ?, ?', [1], 'SELECT ?, ?', [1]],
  ])('%s', (_, template, values, text, found) => {
    expect(lifted(template, values)).toEqual([text, found]);
  });

  test('a text that does not come from the template stays as it is', () => {
    expect(liftValues('SELECT ?', 'SELECT now()')).toBeNull();
    expect(liftValues('SELECT ?', 'UPDATE 1')).toBeNull();
    expect(liftValues('SELECT ? FROM t', 'SELECT 1 FROM other')).toBeNull();
  });

  test('come out as they went in, whatever they are', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.integer(), fc.constant(null)), { minLength: 1, maxLength: 6 }), (values) => {
        const template = `SELECT ${values.map((_value, index) => `? AS c${index}`).join(', ')} FROM t`;
        expect(lifted(template, values)).toEqual([template, values]);
      }),
    );
  });
});
