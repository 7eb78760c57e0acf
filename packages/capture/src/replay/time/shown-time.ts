import { performance } from 'node:perf_hooks';
import { skipped } from '../../core/clock.js';

type HighResolution = typeof process.hrtime;

/** What else of Node tells the time shows what was skipped, too: `performance.now`, `process.hrtime`, `process.uptime`. */
export function showSkippedTime(): Disposable {
  const now = performance.now.bind(performance);
  const { hrtime } = process;
  const uptime = process.uptime.bind(process);
  Object.defineProperty(performance, 'now', { value: () => now() + skipped(), configurable: true, writable: true });
  process.hrtime = Object.assign(highResolution(hrtime), { bigint: () => nanoseconds(hrtime) });
  process.uptime = () => uptime() + skipped() / 1000;
  return {
    [Symbol.dispose]: () => {
      delete (performance as { now?: unknown }).now;
      Object.assign(process, { hrtime, uptime });
    },
  };
}

function nanoseconds(real: HighResolution): bigint {
  return real.bigint() + BigInt(Math.round(skipped() * 1e6));
}

const SECOND = 1_000_000_000n;

function highResolution(real: HighResolution): (since?: readonly [number, number]) => [number, number] {
  return (since) => {
    // Node's own check, with its own words.
    if (since !== undefined) real(since as [number, number]);
    const time = nanoseconds(real) - (since === undefined ? 0n : BigInt(since[0]) * SECOND + BigInt(since[1]));
    // As Node does it: rounded down, so that the second part is never negative.
    const rest = ((time % SECOND) + SECOND) % SECOND;
    return [Number((time - rest) / SECOND), Number(rest)];
  };
}
