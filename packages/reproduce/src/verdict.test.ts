import { expect, it } from 'vitest';
import { overallVerdict } from './verdict.js';

it('agrees, or says how the runs disagree', () => {
  expect(overallVerdict(['reproduced', 'reproduced'])).toBe('reproduced');
  expect(overallVerdict(['not-reproduced'])).toBe('not-reproduced');
  expect(overallVerdict(['reproduced', 'not-reproduced'])).toBe('flaky');
  expect(overallVerdict(['reproduced', 'diverged'])).toBe('flaky');
  expect(overallVerdict(['diverged', 'inconclusive'])).toBe('diverged');
  expect(overallVerdict([])).toBe('inconclusive');
});
