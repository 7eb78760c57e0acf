import { describe, expect, it } from 'vitest';
import { SkippingClock } from './skipping-clock.js';

const HOUR = 3_600_000;

describe('a clock that can be put forward', () => {
  it('ends what is due then, in no other order, and nothing else', async () => {
    const clock = new SkippingClock();
    const ended: string[] = [];
    const before = clock.now();
    const waits = Promise.all([
      clock.sleep(2 * HOUR).then(() => ended.push('second')),
      clock.sleep(HOUR).then(() => ended.push('first')),
    ]);
    const stop = new AbortController();
    const never = clock.sleep(Number.POSITIVE_INFINITY, stop.signal);
    expect(clock.left).toBeGreaterThan(HOUR - 1000);
    await clock.skip(clock.left, async () => expect(ended).toEqual([]));
    await clock.sleep(5);
    expect(ended).toEqual(['first']);
    await clock.skip(clock.left, () => Promise.resolve());
    await waits;
    expect(ended).toEqual(['first', 'second']);
    expect(clock.now() - before).toBeGreaterThanOrEqual(2 * HOUR - 1);
    expect(clock.left).toBe(Number.POSITIVE_INFINITY);
    stop.abort();
    expect(await never).toBe(false);
  });

  it('nothing ends before everybody else has been told, whatever is due', async () => {
    const clock = new SkippingClock();
    let ended = false;
    const wait = clock.sleep(20).then(() => (ended = true));
    const { promise: told, resolve: tell } = Promise.withResolvers<void>();
    const skipping = clock.skip(HOUR, () => told);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(ended).toBe(false);
    tell();
    await Promise.all([skipping, wait]);
  });

  it('a wait that is given up is none, and work is seen', async () => {
    const clock = new SkippingClock();
    const stop = new AbortController();
    const wait = clock.sleep(HOUR, stop.signal);
    const { changes } = clock;
    stop.abort();
    expect(await wait).toBe(false);
    expect(await clock.sleep(HOUR, stop.signal)).toBe(false);
    expect(clock.changes).toBeGreaterThan(changes);
    expect(clock.left).toBe(Number.POSITIVE_INFINITY);
    {
      using _ = clock.working();
      expect(clock.isWorking).toBe(true);
    }
    expect(clock.isWorking).toBe(false);
  });
});
