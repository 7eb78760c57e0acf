import { describe, expect, it } from 'vitest';
import { sameValue } from './same-value.js';

const time = Date.parse('2026-03-01T10:00:00.000Z');
const once = { time, repeat: false };

describe('the same value as far as can be known', () => {
  it.each([
    ['a pseudonym that the application was given', 'redacted-abc', 'redacted-abc', true],
    ['a secret the application has by itself', 'sk_live_redactedabc', 'sk_live_4eC39HqLyjWDarjt', true],
    ['another pseudonym', 'redacted-abc', 'redacted-abd', false],
    ['the clock, a little later', '2026-03-01T09:59:59.900Z', '2026-03-01T10:00:01.5Z', true],
    ['the clock within text', '{"at":1772359200123,"id":7}', '{"at":1772359201999,"id":7}', true],
    ['seconds since 1970', '1772359200', '1772359203', true],
    ['the clock, but something else differs', '{"at":1772359200123,"id":7}', '{"at":1772359201999,"id":8}', false],
    ['a time far from the exchange', '2025-03-01T10:00:00.000Z', '2025-03-01T10:00:01.000Z', false],
    ['the clock against a far time', '2026-03-01T10:00:00.000Z', '2026-03-02T10:00:00.000Z', false],
    ['another way of writing', '2026-03-01T10:00:00.000Z', '1772359200000', false],
  ])('%s', (_, recorded, asked, same) => {
    expect(sameValue(recorded, asked, once)).toBe(same);
  });

  it('takes any time for what is done at the start, and none where the recording has no clock', () => {
    expect(sameValue('1772359200123', '1900000000000', { time, repeat: true })).toBe(true);
    expect(sameValue('1772359200123', '1772359200124', { repeat: false })).toBe(false);
  });
});
