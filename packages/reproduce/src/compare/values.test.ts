import { assert, jsonValue, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sameText, sameValue } from './values.js';

const then = Date.parse('2026-03-01T10:00:00Z');
const windows = { recorded: [then, then + 1000], replayed: [then + 86_400_000, then + 86_401_000] } as const;

describe('sameValue', () => {
  it('holds of every value and itself', () => {
    assert(property(jsonValue(), (value) => sameValue(value, structuredClone(value), windows)));
  });

  it('is true of two clock readings in their windows, in every usual notation', () => {
    expect(sameText('2026-03-01T10:00:00.100Z', '2026-03-02T10:00:00.900Z', windows)).toBe(true);
    expect(sameText('2026-03-01 10:00:00.1+00', '2026-03-02 10:00:00.9+00', windows)).toBe(true);
    expect(sameText(String(then), String(then + 86_400_500), windows)).toBe(true);
    expect(sameValue({ at: then, id: 1 }, { at: then + 86_400_500, id: 1 }, windows)).toBe(true);
  });

  it('is true of a pseudonym and what it may stand for', () => {
    expect(sameValue(['CONFIG', 'SET', 'requirepass', 'redacted-Xy1'], ['CONFIG', 'SET', 'requirepass', 's3cr3t'], windows)).toBe(true);
  });

  it('is true of texts that differ in clock readings alone', () => {
    expect(sameText(`until 2026-03-01T10:00:00.100Z (${then})`, `until 2026-03-02T10:00:00.900Z (${then + 86_400_001})`, windows)).toBe(true);
    expect(sameText('until 2026-03-01T10:00:00.100Z', 'till 2026-03-02T10:00:00.900Z', windows)).toBe(false);
    expect(sameText('at 2026-03-01T10:00:00Z and 2024-01-01T00:00:00Z', 'at 2026-03-02T10:00:00Z and 2024-01-01T00:00:01Z', windows)).toBe(false);
    expect(sameText('at 2026-03-01T10:00:00Z', 'at 2026-03-02T10:00:00Z and 2026-03-02T10:00:00Z', windows)).toBe(false);
  });

  it('is false of times outside, and of anything else that differs', () => {
    expect(sameText('2026-03-01T09:00:00.000Z', '2026-03-02T10:00:00.000Z', windows)).toBe(false);
    expect(sameText('47', '48', windows)).toBe(false);
    expect(sameValue({ a: 1 }, { a: 1, b: 2 }, windows)).toBe(false);
    expect(sameValue([1], { 0: 1 }, windows)).toBe(false);
  });
});
