import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { DEFAULT_PREVIEW, preview } from './preview.js';

class Order {
  readonly id = 5n;
  get total(): never {
    throw new Error('getters must not run');
  }
}

test('values that JSON cannot say have a form', () => {
  expect(preview([undefined, 5n, Number.NaN, -0, Symbol('s'), new Date(0), /a+/g, () => 1, null])).toEqual([
    { $undefined: true }, { $bigint: '5' }, { $number: 'NaN' }, { $number: '-0' }, { $symbol: 's' }, { $date: '1970-01-01T00:00:00.000Z' },
    { $regexp: 'a+' }, { $function: '' }, null,
  ]);
  expect(preview(new Map([[{ a: 1 }, new Set([2])]]))).toEqual({ $map: [[{ a: 1 }, { $set: [2] }]] });
  expect(preview(Buffer.from('hello'))).toEqual({ $bytes: 'aGVsbG8=', $class: 'Buffer' });
  expect(preview(Object.assign(new TypeError('bad'), { status: 4 }))).toEqual({ $error: 'bad', $class: 'TypeError', status: 4 });
  expect(preview({ $date: 'mine' })).toEqual({ $$date: 'mine' });
});

function shout(): never {
  throw new Error('ran');
}

test('classes are named, and neither getters nor traps nor toJSON run', () => {
  expect(preview(new Order())).toEqual({ $class: 'Order', id: { $bigint: '5' } });
  expect(preview(new Proxy({}, { get: shout, ownKeys: shout, getPrototypeOf: shout, getOwnPropertyDescriptor: shout }))).toEqual({ $class: 'Proxy' });
  expect(preview({ a: Object.defineProperty({}, 'x', { get: shout, enumerable: true }), toJSON: shout })).toMatchObject({ a: { x: { $getter: true } } });
  expect(preview(Object.setPrototypeOf({ a: 1 }, new Proxy({}, { get: shout, getOwnPropertyDescriptor: shout })))).toEqual({ a: 1 });
});

test('it ends where values do not', () => {
  const circular: Record<string, unknown> = { name: 'x' };
  circular['self'] = circular;
  expect(preview(circular)).toEqual({ name: 'x', self: { $cut: 'circular: 1 up' } });
  expect(preview('x'.repeat(600))).toBe(`${'x'.repeat(512)}… (88 more characters)`);
  expect(preview(Array.from({ length: 1e6 }).fill(1))).toHaveLength(31);
  expect(Object.keys(preview(JSON.parse('{"__proto__":1}')) as object)).toEqual(['__proto__']);
});

test('any value has a bounded preview that is plain JSON', () => {
  fc.assert(
    fc.property(fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true, withNullPrototype: true, withSparseArray: true, maxDepth: 6 }), (value) => {
      const shown = preview(value);
      expect(JSON.parse(JSON.stringify(shown))).toEqual(shown);
      expect(countOf(shown)).toBeLessThan(DEFAULT_PREVIEW.values * 6);
    }),
    { numRuns: 200 },
  );
});

function countOf(value: unknown): number {
  return typeof value === 'object' && value !== null ? Object.values(value).reduce((sum: number, item) => sum + countOf(item), 1) : 1;
}
