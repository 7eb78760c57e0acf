/** Identifiers that an application makes anew in every run: sent, given back and named in its error. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPackage } from '@deja/format/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deja } from '../support/deja.ts';
import { dejaRun } from '../support/deja-run.ts';
import { freePort } from '../support/free-port.ts';
import { packagesIn, reproduce, verdictsOf } from './real-apps/deja.ts';

const folder = mkdtempSync(join(tmpdir(), 'deja-ids-'));
const service = join(folder, 'ids');
const out = join(folder, 'out');
let file = '';

beforeAll(async () => {
  cpSync(join(import.meta.dirname, '..', 'apps', 'ids'), service, { recursive: true });
  const payments = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      response.setHeader('content-type', 'application/json');
      if (request.method !== 'POST') return response.end(JSON.stringify({ order: request.url?.split(/[/?]/)[3], state: 'held' }));
      const { order } = JSON.parse(Buffer.concat(parts).toString()) as { order: string };
      response.end(JSON.stringify({ id: 'ch_1NirD82eZvKYlo2C', order }));
    });
  }).listen(0, '127.0.0.1');
  await once(payments, 'listening');
  const port = await freePort();
  const running = await dejaRun(['node', 'server.js'], { out, ready: 'ids is listening', cwd: service, env: { PORT: String(port), UPSTREAM: `http://127.0.0.1:${(payments.address() as AddressInfo).port}` } });
  expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(500);
  await running.stop();
  payments.closeAllConnections();
  payments.close();
  [file = ''] = packagesIn(out);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('generated identifiers', () => {
  it('are not among the draws that are recorded', async () => {
    const { timeline, failure } = await readPackage(file);
    expect(timeline.filter(({ kind }) => kind === 'random')).toEqual([]);
    expect(failure?.error?.message).toMatch(/^order [\w-]{21} is held$/);
  });

  it('are others in each run, and the failure is the same', async () => {
    const { code, document, stderr } = await reproduce(folder, [file, '--runs', '3']);
    expect({ code, verdicts: verdictsOf(document), control: document.control?.verdict }, stderr).toEqual({ code: 0, verdicts: ['reproduced', 'reproduced', 'reproduced'], control: 'not-reproduced' });
  });

  it('are what the plan says they are, and nothing else is', async () => {
    const plan = join(folder, 'plan');
    await deja(['plan', file, '--out', plan], { cwd: folder });
    const stubs = join(plan, 'stubs.yaml');
    const text = readFileSync(stubs, 'utf8');
    expect(text).toMatch(/generated:\n {2}- value: \S{21}\n {4}seq: \d+\n {2}- value: \S{21}\n/);
    writeFileSync(stubs, text.replace(/generated:\n(?: .*\n)+/, ''));
    const { code, document } = await reproduce(folder, [plan]);
    expect({ code, verdicts: verdictsOf(document) }).toEqual({ code: 3, verdicts: [expect.stringMatching(/^diverged: .* body at \$\.order: /)] });
  });
});
