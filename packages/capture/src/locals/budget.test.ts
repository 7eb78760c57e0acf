import { expect, test } from 'vitest';
import { Noise } from './noise.js';
import { DEFAULT_PAUSES, PauseBudget } from './pause-budget.js';

test('a burst is allowed, then only the rate', () => {
  const budget = new PauseBudget(DEFAULT_PAUSES, 0);
  for (let pause = 0; pause < DEFAULT_PAUSES.burst; pause++) {
    expect(budget.waitMs(0)).toBe(0);
    budget.spend(0, 0);
  }
  const wait = budget.waitMs(0);
  expect(wait).toBeGreaterThan(0);
  expect(budget.waitMs(wait)).toBe(0);
});

test('over an hour of the slowest pauses not more than the share of time goes into them', () => {
  const budget = new PauseBudget(DEFAULT_PAUSES, 0);
  const hour = 3_600_000;
  let spent = 0;
  for (let now = 0; now < hour; now += 10) {
    if (budget.waitMs(now) > 0) continue;
    budget.spend(15, now);
    spent += 15;
  }
  expect(spent / hour).toBeLessThanOrEqual(DEFAULT_PAUSES.share * 1.05);
  expect(spent).toBeGreaterThan(1000);
});

test('a place that throws often is noise, until one of its exceptions becomes a failure', () => {
  const noise = new Noise();
  const seen = Array.from({ length: 25 }, () => noise.thrown('a.js:1:1', 'ownCode'));
  expect(seen.indexOf(true)).toBe(20);
  expect(noise.thrown('b.js:1:1', 'ownCode')).toBe(false);
  noise.failed('a.js:1:1');
  expect(noise.thrown('a.js:1:1', 'ownCode')).toBe(false);
});

test('the memory of places is bounded', () => {
  const noise = new Noise();
  for (let place = 0; place < 10_000; place++) noise.thrown(String(place), 'others');
  expect(noise.places).toBeLessThanOrEqual(2000);
});
