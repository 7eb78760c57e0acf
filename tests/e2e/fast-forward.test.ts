import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { probeSandbox } from '@deja/sandbox';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dejaRun } from '../support/deja-run.ts';
import { freePort } from '../support/free-port.ts';
import { packagesIn, reproduce, verdictsOf } from './real-apps/deja.ts';

const qemu = await probeSandbox('qemu');
const cwd = mkdtempSync(join(tmpdir(), 'deja-time-'));
const out = join(cwd, 'out');
const packages = new Map<string, string>();
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

/** Every route fails with what it saw of the time, in tenths of a second. */
const SERVICE = `
  import { execFile } from 'node:child_process';
  import { createServer, get } from 'node:http';
  import { setTimeout as sleep } from 'node:timers/promises';
  import { Worker } from 'node:worker_threads';
  const tenths = (ms) => Math.round(ms / 100);
  const clocks = () => [Date.now(), performance.now(), Number(process.hrtime.bigint()) / 1e6, process.uptime() * 1000];
  const routes = {
    // A service that never answers, and every clock.
    '/patience': async () => {
      const before = clocks();
      await fetch(process.env.SILENT, { signal: AbortSignal.timeout(2500) }).catch(() => {});
      return clocks().map((after, index) => tenths(after - before[index])).join();
    },
    // So long that also a machine that is emulated, and busy, has nothing to do for most of it.
    '/long': async () => (await sleep(12_000), 'at last'),
    // The service's own time-out for its sockets.
    '/socket': async () => await new Promise((resolve) => {
      const request = get(process.env.SILENT, { timeout: 1500 }).on('timeout', () => request.destroy(new Error('gave up'))).on('error', (error) => resolve(error.message));
    }),
    // A program takes the time that it takes: it is there before a time-out that is further away than that.
    '/program': async () => await Promise.race([
      new Promise((resolve) => execFile('sleep', ['0.6'], () => resolve('the program'))),
      sleep(30_000, 'the time-out', { ref: false }),
    ]),
    // So is a thread, whose timers are passed over with everybody's;
    '/thread': async () => await Promise.race([
      new Promise((resolve) => new Worker(new URL('./thread.mjs', import.meta.url)).once('message', resolve)),
      sleep(30_000, 'the time-out', { ref: false }),
    ]),
    // and one that no preload comes into takes its time.
    '/other-thread': async () => await Promise.race([
      new Promise((resolve) => new Worker("setTimeout(() => require('node:worker_threads').parentPort.postMessage('the thread'), 600)", { eval: true }).once('message', resolve)),
      sleep(30_000, 'the time-out', { ref: false }),
    ]),
  };
  await sleep(1000);
  createServer(async (request, response) => {
    const said = await routes[request.url]();
    response.statusCode = 500;
    response.end();
    throw new Error(request.url + ': ' + said);
  }).listen(Number(process.env.PORT), '127.0.0.1', () => console.log('patience is listening'));
`;
const THREAD = "import { parentPort } from 'node:worker_threads'; setTimeout(() => parentPort.postMessage('the thread'), 2500);";

beforeAll(async () => {
  writeFileSync(join(cwd, 'server.mjs'), SERVICE);
  writeFileSync(join(cwd, 'thread.mjs'), THREAD);
  const silent = (await import('node:http')).createServer(() => undefined).listen(0, '127.0.0.1');
  await new Promise((resolve) => silent.once('listening', resolve));
  const { port: silentPort } = silent.address() as { port: number };
  await Promise.all(['/patience', '/long', '/socket', '/program', '/thread', '/other-thread'].map(async (route) => {
    const port = await freePort();
    const running = await dejaRun(['node', 'server.mjs'], { out: join(out, route), ready: 'patience is listening', cwd, env: { PORT: String(port), SILENT: `http://127.0.0.1:${silentPort}/` } });
    await fetch(`http://127.0.0.1:${port}${route}`);
    await running.says('.deja');
    await running.stop();
    packages.set(route, packagesIn(join(out, route)).at(-1) ?? '');
  }));
  silent.closeAllConnections();
  silent.close();
});

interface Run {
  readonly failure: string | null;
  readonly skippedMs?: number;
}

describe.each(['namespace', 'process'])('--fast-forward in %s', (sandbox) => {
  it.each([
    ['/patience', 'Error: /patience: 25,25,25,25', 2000],
    ['/socket', 'Error: /socket: gave up', 1000],
    ['/program', 'Error: /program: the program', 0],
    ['/thread', 'Error: /thread: the thread', 2000],
    ['/other-thread', 'Error: /other-thread: the thread', 0],
  ])('%s: the application sees the time pass as it did, and nobody waits', async (route, failure, atLeast) => {
    const { code, document, stderr } = await reproduce(cwd, [packages.get(route) ?? '', '--sandbox', sandbox, '--fast-forward', '--no-control', '--verbose']);
    expect({ code, verdicts: verdictsOf(document) }, stderr).toEqual({ code: 0, verdicts: ['reproduced'] });
    const [run] = document.runs as readonly Run[];
    expect(run?.failure).toContain(failure);
    expect(run?.skippedMs, stderr).toBeGreaterThan(atLeast);
    // It started, failed, and went on to nothing else.
    expect(run?.skippedMs).toBeLessThan(atLeast + 6000);
  });
});

describe.skipIf(!qemu.works)(`--fast-forward in a virtual machine${qemu.works ? '' : ` (skipped: ${qemu.reason})`}`, () => {
  it('waiting is passed over in there as everywhere', async () => {
    const { code, document, stderr } = await reproduce(cwd, [packages.get('/long') ?? '', '--sandbox', 'qemu', '--fast-forward', '--no-control', '--verbose']);
    expect({ code, verdicts: verdictsOf(document) }, stderr).toEqual({ code: 0, verdicts: ['reproduced'] });
    const [run] = document.runs as readonly Run[];
    expect(run?.failure).toContain('Error: /long: at last');
    expect(run?.skippedMs, stderr).toBeGreaterThan(5000);
  }, 240_000);
});
