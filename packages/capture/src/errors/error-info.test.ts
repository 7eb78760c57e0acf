import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { errorInfo } from './error-info.js';
import { framesOf } from './stack-frames.js';
import { readStack } from './read-stack.js';

const root = '/srv/app';

const one = (line: string) => framesOf(`Error: x\n    ${line}`, root)[0];
const brokenHook = (): never => { throw new Error('broken hook'); };

describe('frames', () => {
  test.each([
    ['at total (/srv/app/src/orders.js:10:5)', { function: 'total', file: 'src/orders.js', line: 10, column: 5, inApp: true }],
    ['at async OrderService.total [as sum] (file:///srv/app/src/or%20ders.mjs?v=2:3:7)', { function: 'OrderService.total [as sum]', file: 'src/or ders.mjs', line: 3, column: 7, inApp: true }],
    ['at /srv/app/main.js:1:2', { file: 'main.js', line: 1, column: 2, inApp: true }],
    ['at async file:///srv/app/main.mjs:1:2', { file: 'main.mjs', line: 1, column: 2, inApp: true }],
    ['at new Pool (/srv/app/node_modules/pg/lib/pool.js:4:1)', { function: 'new Pool', file: 'node_modules/pg/lib/pool.js', line: 4, column: 1, inApp: false }],
    ['at run (/srv/application/x.js:1:1)', { function: 'run', file: '/srv/application/x.js', line: 1, column: 1, inApp: false }],
    ['at node:internal/main/run:5:6', { file: 'node:internal/main/run', line: 5, column: 6, inApp: false }],
    ['at Socket.emit (node:events:5:6)', { function: 'Socket.emit', file: 'node:events', line: 5, column: 6, inApp: false }],
    ['at eval (eval at render (/srv/app/views.js:9:3), <anonymous>:1:7)', { function: 'eval', file: 'views.js', line: 9, column: 3, inApp: true }],
    ['at inner (eval at <anonymous> (eval at outer (/srv/app/a (b).js:2:4)), <anonymous>:1:1)', { function: 'inner', file: 'a (b).js', line: 2, column: 4, inApp: true }],
    ['at fn (/srv/app/with (parens)/x.js:1:2)', { function: 'fn', file: 'with (parens)/x.js', line: 1, column: 2, inApp: true }],
  ])('%s', (line, frame) => {
    expect(one(line)).toEqual(frame);
  });

  test.each(['at Array.map (<anonymous>)', 'at async Promise.all (index 0)', 'at native', 'nothing'])('%s names no file', (line) => {
    expect(one(line)).toBeUndefined();
  });

  test("an application that lives in node_modules is the application: its own package's folder is the root", () => {
    const stack = 'Error\n    at a (/x/node_modules/unleash-server/dist/lib/a.js:1:1)\n    at b (/x/node_modules/unleash-server/node_modules/knex/b.js:1:1)\n    at c (/x/node_modules/express/c.js:1:1)';
    expect(framesOf(stack, '/x/node_modules/unleash-server').map((frame) => frame.inApp)).toEqual([true, false, false]);
  });
});

describe('errors', () => {
  test('causes, members, code and fields', () => {
    const cause = Object.assign(new Error('connection refused'), { code: 'ECONNREFUSED', port: 5432 });
    const error = new Error('cannot load order', { cause: new AggregateError([cause, new TypeError('b')], 'all failed') });
    const info = errorInfo(error, { root: import.meta.dirname });
    expect(info).toMatchObject({ name: 'Error', message: 'cannot load order', cause: { name: 'AggregateError', errors: [{ code: 'ECONNREFUSED', fields: { port: 5432 } }, { name: 'TypeError' }] } });
    expect(info.frames[0]).toMatchObject({ file: 'error-info.test.ts', line: expect.any(Number) });
  });

  test('circular causes end, deep ones are cut', () => {
    const a = new Error('a');
    a.cause = new Error('b', { cause: a });
    expect(errorInfo(a).cause).not.toHaveProperty('cause');
    let deep = new Error('0');
    for (let level = 1; level < 50; level++) deep = new Error(String(level), { cause: deep });
    expect(JSON.stringify(errorInfo(deep)).match(/"message"/g)).toHaveLength(9);
  });

  test.each([['text', 'text'], [undefined, '{"$undefined":true}'], [{ status: 500 }, '{"status":500}'], [null, 'null']])('thrown %j is no error', (thrown, message) => {
    expect(errorInfo(thrown)).toMatchObject({ message, nonError: true, frames: [] });
  });

  test('errors of other realms are errors, proxies are not looked into', () => {
    expect(errorInfo(runInNewContext('new RangeError("far")'))).toMatchObject({ name: 'RangeError', message: 'far' });
    expect(errorInfo(new Proxy(new Error('x'), { get: () => { throw new Error('trap'); } }))).toMatchObject({ nonError: true });
  });

  test('an error that fights back is still described', () => {
    class Hostile extends Error {
      override get message(): never { throw new Error('no message for you'); }
    }
    expect(errorInfo(new Hostile())).toMatchObject({ message: '' });
    expect(errorInfo(Object.assign(new Error('x'), { stack: 5 })).frames).toEqual([]);
  });

  test('lines of the message are no frames', () => {
    const error = new Error('what was asked:\n    at fake (/srv/app/fake.js:1:1)');
    expect(errorInfo(error, { root }).frames.some((frame) => frame.function === 'fake')).toBe(false);
  });

  test("the application's prepareStackTrace is not run, and is still there afterwards", () => {
    const holder = Error as { prepareStackTrace?: unknown };
    const before = holder.prepareStackTrace;
    const error = new Error('x');
    holder.prepareStackTrace = brokenHook;
    try {
      expect(readStack(error)).toContain('error-info.test');
      expect(holder.prepareStackTrace).toBe(brokenHook);
    } finally {
      holder.prepareStackTrace = before;
    }
  });

  test('call sites left in `stack` are read too', () => {
    const error = Object.assign(new Error('x'), { stack: [{ toString: () => 'total (/srv/app/src/orders.js:10:5)' }] });
    expect(errorInfo(error, { root }).frames).toEqual([{ function: 'total', file: 'src/orders.js', line: 10, column: 5, inApp: true }]);
  });
});
