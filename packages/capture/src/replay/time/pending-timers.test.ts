import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { array, assert, asyncProperty, constantFrom, integer, option, record } from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/**
 * A thread of its own, whose timers are nobody else's. It is given the body of an async function to run while its timers are brought nearer, one after the other,
 * and answers with what that gave and with the milliseconds that were passed over.
 */
const THREAD = `
const { parentPort } = require('node:worker_threads');
const { setTimeout: sleep } = require('node:timers/promises');
const module = ${JSON.stringify(join(import.meta.dirname, '../../../dist/replay/time/pending-timers.js'))};
import(module).then(({ watchTimers }) => {
  const timers = watchTimers();
  const AsyncFunction = (async () => {}).constructor;
  parentPort.on('message', async ({ body, given }) => {
    let [passed, over] = [0, false];
    const done = new AsyncFunction('given', 'timers', 'sleep', 'require', body)(given, timers, sleep, require).finally(() => { over = true; });
    for (;;) {
      // What is due comes first, and the work may be done by it.
      await new Promise((resolve) => setImmediate(resolve));
      if (over) break;
      const left = timers.left();
      if (left > 1) {
        timers.bringNearer(left);
        passed += left;
      }
      for (const until = performance.now() + 3; performance.now() < until;) await new Promise((resolve) => setImmediate(resolve));
    }
    parentPort.postMessage(await done.then((value) => ({ value, passed }), (error) => ({ error: error.stack })));
  });
});
`;
let thread: Worker;
beforeAll(() => {
  thread = new Worker(THREAD, { eval: true });
});
afterAll(async () => void (await thread.terminate()));

async function passOver<Value>(body: string, given: unknown = null): Promise<{ readonly value: Value; readonly passed: number }> {
  const answer = new Promise<{ readonly value: Value; readonly passed: number; readonly error?: string }>((resolve) => thread.once('message', resolve));
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
  thread.postMessage({ body, given });
  const { error, ...result } = await answer;
  if (error !== undefined) throw new Error(error);
  return result;
}

/** So much may a timer be late where the machine is busy. */
const LATE_MS = 200;

describe('timers are brought nearer', () => {
  it('the nearest counts, cleared ones do not, and without any there is nothing', async () => {
    const { value: [none, both, one, after] } = await passOver<readonly [null, number, number, null]>(`
      const none = timers.left();
      const far = setTimeout(() => {}, 3_600_000);
      const near = setTimeout(() => {}, 60_000);
      const both = timers.left();
      clearTimeout(near);
      const one = timers.left();
      clearTimeout(far);
      return [none, both, one, timers.left()];
    `);
    expect([none, after]).toEqual([null, null]);
    // They have been running for a moment when they are asked.
    for (const [left, whole] of [[both, 60_000], [one, 3_600_000]] as const) {
      expect(left).toBeLessThanOrEqual(whole);
      expect(left).toBeGreaterThan(whole - LATE_MS);
    }
  });

  it('whatever their durations, cleared, put off, or set on the way: they end in the order in which they are due, none before its time', async () => {
    const duration = integer({ min: 1, max: 100_000 });
    const step = record({ after: duration, next: option(duration), fate: constantFrom('kept', 'cleared', 'refreshed') });
    await assert(
      asyncProperty(array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const { value: ended, passed } = await passOver<readonly number[]>(`
          const ended = [];
          await Promise.all(given.map(({ after, next, fate }) => new Promise((resolve) => {
            const timer = setTimeout(() => {
              ended.push(after);
              if (next === null) resolve();
              else setTimeout(() => resolve(ended.push(after + next)), next);
            }, after);
            if (fate === 'refreshed') timer.refresh();
            if (fate === 'cleared') resolve(clearTimeout(timer));
          })));
          return ended;
        `, steps);
        const due = steps.filter(({ fate }) => fate !== 'cleared').flatMap(({ after, next }) => [after, ...(next === null ? [] : [after + next])]);
        expect(ended.toSorted((a, b) => a - b)).toEqual(due.toSorted((a, b) => a - b));
        for (const [index, at] of ended.entries()) expect(at).toBeGreaterThan(Math.max(0, ...ended.slice(0, index)) - LATE_MS);
        expect(passed).toBeLessThanOrEqual(Math.max(0, ...due));
        expect(passed).toBeGreaterThan(Math.max(0, ...due) - due.length * LATE_MS - LATE_MS);
      }),
      { numRuns: 25 },
    );
  });

  it('time-outs of sockets, of signals and of promises are timers, too', async () => {
    const { value, passed } = await passOver(`
      const net = require('node:net');
      const server = net.createServer(() => {}).listen(0, '127.0.0.1');
      await new Promise((resolve) => server.once('listening', resolve));
      const socket = net.connect(server.address().port, '127.0.0.1');
      await new Promise((resolve) => socket.once('connect', resolve));
      const ended = [];
      const signal = AbortSignal.timeout(20_000);
      await Promise.all([
        new Promise((resolve) => socket.setTimeout(10_000, () => resolve(ended.push('socket')))).then(() => socket.destroy()),
        new Promise((resolve) => signal.addEventListener('abort', () => resolve(ended.push('signal')))),
        sleep(30_000).then(() => ended.push('promise')),
      ]);
      server.close();
      return ended;
    `);
    expect(value).toEqual(['socket', 'signal', 'promise']);
    expect(passed).toBeGreaterThan(29_000);
  });

  it('an interval misses none of its turns', async () => {
    const { value } = await passOver(`
      let turns = 0;
      const interval = setInterval(() => turns++, 1000);
      await sleep(10_500);
      clearInterval(interval);
      return turns;
    `);
    expect(value).toBe(10);
  });
});
