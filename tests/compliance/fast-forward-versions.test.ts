import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { nodeOfMajor } from '../support/npm-folder.ts';

const TIMERS = pathToFileURL(join(import.meta.dirname, '..', '..', 'packages', 'capture', 'dist', 'replay', 'time', 'pending-timers.js')).href;

/** What Node keeps of its timers is its own business: every version is asked. */
const SCRIPT = `
  import { watchTimers } from '${TIMERS}';
  const timers = watchTimers();
  const began = performance.now();
  const ended = [];
  setTimeout(() => ended.push('a minute'), 60_000);
  AbortSignal.timeout(90_000).onabort = () => ended.push('a signal');
  const interval = setInterval(() => ended.push('every forty seconds'), 40_000);
  const hour = setTimeout(() => ended.push('an hour'), 3_600_000);
  for (let turn = 0; turn < 4; turn++) {
    timers.bringNearer(timers.left());
    await new Promise((resolve) => { const until = performance.now() + 10; (function next() { performance.now() < until ? setImmediate(next) : resolve(); })(); });
  }
  clearInterval(interval);
  clearTimeout(hour);
  console.log(JSON.stringify({ ended, waited: performance.now() - began < 5000 }));
`;

describe.each([20, 22, 24, 26])('Node %i', (major) => {
  const runtime = nodeOfMajor(major);
  if ('missing' in runtime) {
    test.skip(`timers are brought nearer (${runtime.missing})`, () => {});
    return;
  }
  test('timers are brought nearer, one after the other', () => {
    const { stdout, stderr } = spawnSync(runtime.node, ['--input-type=module', '--eval', SCRIPT], { encoding: 'utf8', env: { PATH: process.env['PATH'] } });
    expect(JSON.parse(stdout || '{}'), stderr).toEqual({ ended: ['every forty seconds', 'a minute', 'every forty seconds', 'a signal'], waited: true });
  });
});
