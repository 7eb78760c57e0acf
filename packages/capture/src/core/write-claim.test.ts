import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { WriteClaim } from './write-claim.js';

test('once written by the thread, nobody else writes', () => {
  const claim = new WriteClaim();
  let writes = 0;
  new WriteClaim(claim.state).asThread(() => (writes += 1));
  expect([writes, claim.take(0)]).toEqual([1, false]);
});

test('what was taken over, the thread leaves alone', () => {
  const claim = new WriteClaim();
  expect(claim.take(0)).toBe(true);
  new WriteClaim(claim.state).asThread(() => expect.unreachable());
});

test('what the thread failed to write is there to be taken', () => {
  const claim = new WriteClaim();
  expect(() => new WriteClaim(claim.state).asThread(() => { throw new Error('full'); })).toThrow('full');
  expect(claim.take(0)).toBe(true);
});

test('a thread at work is waited for, though not for ever', () => {
  const writing = 1;
  const hangs = new WriteClaim(new Int32Array(new SharedArrayBuffer(4)).fill(writing));
  expect(hangs.take(10)).toBe(true);

  const { state } = new WriteClaim(new Int32Array(new SharedArrayBuffer(4)).fill(writing));
  const worker = new Worker("const { workerData: s } = require('node:worker_threads'); setTimeout(() => { Atomics.store(s, 0, 2); Atomics.notify(s, 0); }, 20);", { eval: true, workerData: state });
  expect(new WriteClaim(state).take(30_000)).toBe(false);
  return worker.terminate();
});
