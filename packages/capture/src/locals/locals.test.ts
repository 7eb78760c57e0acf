import { spawnSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ErrorInfo } from '@deja/format';
import { nodeOfMajor } from '../../../../tests/support/npm-folder.js';

const dist = (path: string): string => join(import.meta.dirname, '..', '..', 'dist', path);
let folder = '';

const preamble = `
import { startLocals } from ${JSON.stringify(dist('locals/start-locals.js'))};
import { errorInfo } from ${JSON.stringify(dist('errors/error-info.js'))};
const root = import.meta.dirname ?? process.cwd();
const watch = startLocals({ root, ...globalThis.watchOptions });
const alive = setInterval(() => {}, 1000);
const off = await watch.ready;
clearInterval(alive);
const info = (error) => errorInfo(error, { root });
const failing = (fn) => { try { fn(); } catch (error) { return info(error); } };
`;

const apps: Readonly<Record<string, string>> = {
  'frames.mjs': `
const limit = 3;
function total(order) { let sum = 0; for (const line of order.lines) { const factor = 2; sum += line.price.amount * factor * limit; const later = 1; } return sum; }
class Orders { async load(id) { const token = 'abc'; await null; return total({ id, lines: [{}], get trap() { process.exit(9); } }); } }
let seen;
try { await new Orders().load(7); } catch (error) { try { const again = 'later'; throw new Error('wrapped', { cause: error }); } catch (outer) { seen = outer; } }
console.log(JSON.stringify(info(seen)));`,
  'race.mjs': `
async function work(id) { const mine = id; await new Promise((r) => setTimeout(r, id % 3)); throw new Error('of ' + id); }
const all = await Promise.allSettled(Array.from({ length: 12 }, (_, id) => work(id)));
console.log(JSON.stringify(all.map(({ reason }) => info(reason))));`,
  'flood.mjs': `
function noisy(n) { const at = n; throw new Error('noise'); }
for (let n = 0; n < 3000; n++) failing(() => noisy(n));
console.log(JSON.stringify({ done: true }));`,
  'frozen.mjs': `
const thrown = Object.freeze(new Error('frozen'));
function freeze() { const cold = true; throw thrown; }
console.log(JSON.stringify({ frozen: failing(freeze), text: failing(() => { throw 'text'; }), keys: Reflect.ownKeys(thrown).map(String) }));`,
  'off.mjs': `
console.log(JSON.stringify({ off, info: failing(() => { const here = 1; throw new Error('x'); }) }));`,
  'crash.mjs': `
process.on('uncaughtExceptionMonitor', (error) => { console.log(JSON.stringify(info(error))); });
function crash() { const last = 'word'; null.field; }
crash();`,
  'server.mjs': `debugger; console.log(JSON.stringify({ off: off ?? null }));`,
  'windows.mjs': `
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const seen = () => (failing(() => { const x = 0; throw new Error('x'); }).frames[0].scopes ?? []).length > 0;
await pause(700);
const first = seen();
let again = false;
for (let wait = 0; wait < 100 && !again; wait++) { await pause(50); again = seen(); }
console.log(JSON.stringify({ first, again }));`,
  'exit.mjs': `process.exit(4);`,
};

/** All variables that one frame sees, the inner ones winning. */
function variables(info: ErrorInfo, frame: number): Readonly<Record<string, unknown>> {
  return Object.assign({}, ...(info.frames[frame]?.scopes ?? []).map((scope) => scope.variables).toReversed()) as Readonly<Record<string, unknown>>;
}

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'deja-locals-')));
  for (const [name, text] of Object.entries(apps)) writeFileSync(join(folder, name), preamble + text);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each([20, 24])('on Node %i', (major) => {
  const runtime = nodeOfMajor(major);
  if ('missing' in runtime) {
    test.skip(`locals (${runtime.missing})`, () => {});
    return;
  }
  const run = (app: string, options: readonly string[] = [], env: Readonly<Record<string, string>> = {}) =>
    spawnSync(runtime.node, [...options, app], { cwd: folder, encoding: 'utf8', timeout: 20_000, env: { ...process.env, NODE_OPTIONS: '', ...env } });
  const output = (app: string, options?: readonly string[], env?: Readonly<Record<string, string>>): unknown => {
    const done = run(app, options, env);
    expect(done.stdout, done.stderr).not.toBe('');
    return JSON.parse(done.stdout);
  };
  test('the frames of an error and of its cause have their variables: blocks, locals, module; getters do not run', () => {
    const info = output('frames.mjs') as ErrorInfo;
    expect(variables(info, 0)).toMatchObject({ again: 'later' });
    const cause = info.cause as ErrorInfo;
    expect(cause.frames[0]).toMatchObject({ function: 'total', file: 'frames.mjs', inApp: true });
    // Older V8 cannot tell one that is not initialised yet from `undefined`.
    const later = major === 20 ? { $undefined: true } : { $cut: 'not initialised yet' };
    expect(variables(cause, 0)).toMatchObject({ line: {}, factor: 2, sum: 0, later, limit: 3, order: { id: 7, trap: { $getter: true } } });
    expect(variables(cause, 1)).toMatchObject({ id: 7, token: 'abc' });
    expect(cause.frames[0]?.scopes?.map((scope) => scope.type)).toContain('block');
  });

  test('errors of overlapping work never get the variables of another', () => {
    const infos = output('race.mjs') as readonly ErrorInfo[];
    expect(infos.map((info) => variables(info, 0))).toEqual(infos.map((_, id) => expect.objectContaining({ mine: id, id })));
  });

  test('a flood of exceptions goes on', () => {
    expect(output('flood.mjs')).toEqual({ done: true });
  });

  test('frozen errors, thrown texts, and nothing is added to the error', () => {
    const seen = output('frozen.mjs') as { frozen: ErrorInfo; text: ErrorInfo; keys: readonly string[] };
    expect(variables(seen.frozen, 0)).toMatchObject({ cold: true });
    expect(seen.text).toMatchObject({ nonError: true, message: 'text' });
    expect(seen.keys.toSorted()).toEqual(['message', 'stack']);
  });

  test('an uncaught exception has them before the process ends', () => {
    const done = run('crash.mjs');
    expect(done.status).toBe(1);
    expect(variables(JSON.parse(done.stdout) as ErrorInfo, 0)).toMatchObject({ last: 'word' });
  });

  test('the debugger is off while all is well: only what fails again soon has variables', () => {
    const preload = `data:text/javascript,globalThis.watchOptions={windows:{fromStart:1,afterFailure:60000}}`;
    expect(output('windows.mjs', ['--import', preload])).toEqual({ first: false, again: true });
  });

  test('off when asked to, and beside a debugger', () => {
    const asked = output('off.mjs', [], { DEJA_LOCALS: 'off' }) as { off: string; info: ErrorInfo };
    expect(asked.off).toBe('DEJA_LOCALS=off');
    expect(asked.info.frames[0]).not.toHaveProperty('scopes');
    expect((output('off.mjs', ['--inspect=127.0.0.1:0']) as { off: string }).off).toBe('a debugger is attached');
  });

  test('`debugger` does not stop anybody, and the process ends by itself and when told to, without a word', () => {
    expect(run('server.mjs')).toMatchObject({ status: 0, stderr: '' });
    expect(run('exit.mjs')).toMatchObject({ status: 4, stderr: '' });
  });
});
