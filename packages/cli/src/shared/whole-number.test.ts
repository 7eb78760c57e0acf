import { expect, test } from 'vitest';
import { wholeNumber } from './whole-number.js';

const read = wholeNumber(1, 10_000, 'a whole number from 1 to 10000 is needed');

test.each(['0x10', '1e3', '0b1', '1.0', '-1', '+1', ' 1', '1 ', '', '1_000', '٣', '0', '10001', '9'.repeat(400)])('%j is refused', (text) => {
  expect(() => read(text)).toThrow('a whole number from 1 to 10000 is needed');
});

test('digits are read', () => {
  expect(['1', '016', '10000'].map(read)).toEqual([1, 16, 10_000]);
});
