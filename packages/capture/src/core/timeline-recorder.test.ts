import { expect, test } from 'vitest';
import { DEFAULT_LIMITS } from './config.js';
import type { LiveEvent } from './recorder.js';
import { KeptBytes } from './kept-bytes.js';
import { TimelineRecorder } from './timeline-recorder.js';

const event: LiveEvent = { kind: 'state', toBody: () => ({ kind: 'state', name: 'x', outcome: { ok: { value: 1 } } }) };

test('events belong to the start, to the request in whose course they begin, or to the background', async () => {
  const recorder = new TimelineRecorder(DEFAULT_LIMITS);
  recorder.begin(event);
  const scope = recorder.openRequest(undefined);
  await recorder.runIn(scope, async () => {
    await Promise.resolve();
    recorder.begin(event);
    expect(recorder.unobserved(() => recorder.begin(event))).toBeNull();
  });
  recorder.begin(event);
  expect([recorder.boot, scope, recorder.background].map(({ entries }) => entries.map(({ order }) => order))).toEqual([[1], [3], [4]]);
});

test('what is kept is bounded: a request refuses, the background forgets its oldest', () => {
  const recorder = new TimelineRecorder({ ...DEFAULT_LIMITS, request: 100, events: 2, background: 100 });
  const scope = recorder.openRequest(undefined);
  recorder.runIn(scope, () => {
    const first = recorder.begin(event);
    expect([first?.keep(80), first?.keep(30), first?.keep(20)]).toEqual([true, false, true]);
    recorder.begin(event);
    expect(recorder.begin(event)).toBeNull();
  });
  expect(scope.dropped).toBe(2);
  for (let n = 0; n < 5; n += 1) recorder.begin(event)?.keep(60);
  expect(recorder.background.entries.length).toBeLessThanOrEqual(2);
  expect(recorder.background.bytes).toBeLessThanOrEqual(100);
});

test('a finished request is held while one runs that it overlapped, then let go', () => {
  const recorder = new TimelineRecorder(DEFAULT_LIMITS);
  const long = recorder.openRequest(undefined);
  const others = Array.from({ length: 20 }, () => {
    const scope = recorder.openRequest(undefined);
    recorder.runIn(scope, () => recorder.begin(event)?.end());
    recorder.closeRequest(scope);
    return scope;
  });
  expect(recorder.overlapping(long)).toEqual(others);
  recorder.closeRequest(long);
  expect(others.filter(({ released }) => released).length).toBeGreaterThan(15);
  const late = others[0];
  if (late) recorder.runIn(late, () => recorder.begin(event));
  expect(recorder.background.entries).toHaveLength(1);
});

test('a body is kept without holes', () => {
  const bytes = new KeptBytes();
  for (const part of ['1234', '56789', 'a']) bytes.add(Buffer.from(part), undefined, 6, () => true);
  expect(Buffer.concat(bytes.chunks()).toString()).toBe('1234');
  expect([bytes.seen, bytes.missing]).toEqual([10, 6]);
});
