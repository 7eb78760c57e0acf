import { expect, test } from 'vitest';
import { rememberedNote } from './sandboxes.js';

test('what is remembered says since when, and how to try once more; what was just tried does not', () => {
  const now = Date.parse('2026-10-05T12:00:00Z');
  expect(rememberedNote(now - 3 * 3_600_000, now)).toBe(' (tried 3 h ago, and remembered until the machine is started anew: `deja doctor --again` tries once more)');
  expect(rememberedNote(now + 10, now)).toBe('');
  expect(rememberedNote(undefined, now)).toBe('');
});
