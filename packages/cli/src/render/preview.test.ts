import * as fc from 'fast-check';
import type { Preview } from '@deja/format';
import { expect, test } from 'vitest';
import { previewText } from './preview.js';

test.each<readonly [Preview, string]>([
  [{ $undefined: true }, 'undefined'],
  [{ $bigint: '5' }, '5n'],
  [{ $number: '-0' }, '-0'],
  [{ $symbol: 'key' }, 'Symbol(key)'],
  [{ $function: 'load' }, 'ƒ load()'],
  [{ $date: '2026-01-01T00:00:00.000Z' }, 'Date 2026-01-01T00:00:00.000Z'],
  [{ $error: 'no', $class: 'TypeError' }, 'TypeError("no")'],
  [{ $bytes: '//8=', $class: 'Buffer', $cut: '4 more bytes' }, 'Buffer <ffff … 4 more bytes>'],
  [{ $map: [['a', 1], ['b', { $cut: '3 more items' }]] }, 'Map { "a" => 1, "b" => … 3 more items }'],
  [{ $set: [] }, 'Set {}'],
  [{ $class: 'Order', $cut: 'deeper' }, 'Order {… deeper}'],
  [{ $class: 'Order', id: 7, lines: [], $cut: '2 more fields' }, 'Order { id: 7, lines: [], … 2 more fields }'],
  [{ $$class: 'a column of this name' }, '{ $class: "a column of this name" }'],
  [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], '[1, 2, 3, 4, 5, 6, 7, 8, … 2 more]'],
  [{ a: { b: { c: { d: 1 } } } }, '{ a: { b: { c: {…} } } }'],
  [null, 'null'],
])('%j reads %s', (value, text) => {
  expect(previewText(value)).toBe(text);
});

test('whatever it is, it is one line and steers no terminal', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
      const text = previewText(value as Preview);
      // oxlint-disable-next-line no-control-regex
      expect(text).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
    }),
  );
});
