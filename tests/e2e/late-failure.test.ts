import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { dejaRun } from '../support/deja-run.ts';
import { freePort } from '../support/free-port.ts';
import { packagesIn, reproduce, verdictsOf } from './real-apps/deja.ts';

const cwd = mkdtempSync(join(tmpdir(), 'deja-late-'));
const out = join(cwd, 'out');
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

beforeAll(async () => {
  writeFileSync(join(cwd, 'server.mjs'), `
    import { createServer } from 'node:http';
    process.on('unhandledRejection', () => {});
    createServer((request, response) => {
      response.end('ok');
      setTimeout(() => Promise.reject(new TypeError('too late')), 300);
    }).listen(Number(process.env.PORT), '127.0.0.1', () => console.log('late is listening'));
  `);
  const port = await freePort();
  const running = await dejaRun(['node', 'server.mjs'], { out, ready: 'late is listening', cwd, env: { PORT: String(port) } });
  expect(await (await fetch(`http://127.0.0.1:${port}/job`)).text()).toBe('ok');
  await running.says('.deja');
  await running.stop();
});

/** A job that is acknowledged first and fails then: the answer was long out, and the process lived on. */
it('a failure after the answer is waited for', async () => {
  const { code, document } = await reproduce(cwd, [packagesIn(out)[0] ?? '', '--no-control', '--runs', '2']);
  expect({ code, verdicts: verdictsOf(document) }).toEqual({ code: 0, verdicts: ['reproduced', 'reproduced'] });
});
