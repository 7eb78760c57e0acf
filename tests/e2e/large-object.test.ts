/** A failure that hangs on an object of 5 MiB, more than capture keeps of a body unless it is told to. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { dejaRun } from '../support/deja-run.ts';
import { freePort } from '../support/free-port.ts';
import { packagesIn, reproduce, verdictsOf } from './real-apps/deja.ts';

const SIZE = 5 * 1024 * 1024;
const service = join(import.meta.dirname, '..', 'apps', 'large-object');
const folder = mkdtempSync(join(tmpdir(), 'deja-large-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The package of one failing request. @param limits `DEJA_LIMITS` */
async function captured(out: string, limits: string): Promise<string> {
  await using stack = new AsyncDisposableStack();
  const films = createServer((_, response) => response.end(Buffer.alloc(SIZE, 'abcdefg'))).listen(0, '127.0.0.1');
  await once(films, 'listening');
  stack.defer(() => (films.closeAllConnections(), void films.close()));
  const port = await freePort();
  const running = stack.use(await dejaRun(['node', 'server.js'], {
    out, ready: 'the service is listening', cwd: service, env: { PORT: String(port), UPSTREAM: `http://127.0.0.1:${(films.address() as AddressInfo).port}`, DEJA_LIMITS: limits },
  }));
  expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(500);
  await running.stop();
  return packagesIn(out)[0] ?? 'no package';
}

it('says what was not kept, and which setting keeps it; with that it is reproduced', async () => {
  const cut = await reproduce(folder, [await captured(join(folder, 'cut'), '')]);
  expect({ code: cut.code, verdict: cut.document.verdict }).toEqual({ code: 3, verdict: 'diverged' });
  expect(cut.document.limits).toEqual([
    expect.stringMatching(/^event \d+: of the 5242880 bytes that were received the first \d+ were kept; the connection ends after them$/),
    'bodies are kept whole where the service runs with DEJA_LIMITS=body=5242880,request=9437184',
  ]);
  for (const text of cut.document.limits) expect(cut.stderr).toContain(text);
  const setting = /DEJA_LIMITS=(\S+)/.exec(cut.document.limits[1] ?? '')?.[1] ?? '';
  const { code, document, stderr } = await reproduce(folder, [await captured(join(folder, 'whole'), setting), '--no-control']);
  expect({ code, verdicts: verdictsOf(document), limits: document.limits }, stderr).toEqual({ code: 0, verdicts: ['reproduced'], limits: [] });
}, 60_000);
