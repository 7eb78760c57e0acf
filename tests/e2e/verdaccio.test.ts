import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPackage } from '@deja/format/node';
import { withoutMachine } from '../support/virtual-machines.ts';
import { captureVerdaccio, type VerdaccioDays } from './real-apps/capture-verdaccio.ts';
import { packagesIn, reproduce, verdictsOf } from './real-apps/deja.ts';
import { install } from './real-apps/installed.ts';

// Newer releases of its router's path library do not know the patterns that it was written with.
const installed = install('verdaccio', { failing: '2.1.5', fixed: '2.1.6' }, { 'path-to-regexp': '0.1.7' });
const skipped = withoutMachine({ oneOfAKind: false });
const ready = 'missing' in installed ? undefined : installed;
const folder = mkdtempSync(join(tmpdir(), 'deja-verdaccio-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(ready === undefined)(`verdaccio 2.1.5${'missing' in installed ? ` (skipped: ${installed.missing})` : ''}: an uplink answers gzip, and the process ends`, () => {
  let days: VerdaccioDays;
  let file: string;
  beforeAll(async () => {
    if (ready === undefined) return;
    days = await captureVerdaccio(ready, folder);
    file = packagesIn(join(folder, '.deja'))[0] ?? 'no package';
  });

  it('is captured with the exchange that caused it', async () => {
    expect(days.end).toEqual({ code: 255, signal: null });
    expect(days.answer).toBe('[(cut off)');
    expect(days.output).toMatch(/deja reproduce \S+\.deja/);
    const { failure, timeline, manifest } = await readPackage(file);
    expect(manifest.service).toBe('verdaccio');
    expect(failure).toMatchObject({
      origin: 'uncaughtException', fatal: true,
      error: { message: String.raw`Invalid JSON (Unexpected "\u001f" at position 0 in state STOP)` },
    });
    expect(failure?.error?.frames[0]).toMatchObject({ function: 'proto.charError', inApp: false });
    const exchange = timeline.find((event) => event.kind === 'http');
    expect(exchange).toMatchObject({ method: 'GET', scope: { in: 'request', request: 0 }, outcome: { ok: { status: 200, headers: expect.arrayContaining([['content-encoding', 'gzip']]) as unknown } } });
    expect(`${exchange?.method} ${exchange && new URL(exchange.url).pathname}`).toBe('GET /-/all/since');
  });

  it('is reproduced ten times out of ten with the uplink switched off, and leaves the folder as it was', async () => {
    const before = readdirSync(folder).toSorted();
    const { code, document } = await reproduce(folder, [file, '--runs', '10']);
    expect(verdictsOf(document)).toEqual(Array<string>(10).fill('reproduced'));
    expect({ code, verdict: document.verdict }).toEqual({ code: 0, verdict: 'reproduced' });
    expect(document.control?.verdict).toBe('not-reproduced');
    expect(readdirSync(folder).toSorted()).toEqual(before);
  }, 120_000);

  it.skipIf(skipped !== '')(`is reproduced in a virtual machine${skipped}`, async () => {
    const { document, stderr } = await reproduce(folder, [file, '--sandbox', 'qemu', '--no-control']);
    expect(verdictsOf(document), stderr).toEqual(['reproduced']);
  }, 240_000);

  it('is gone in 2.1.6', async () => {
    const { code, document, stderr } = await reproduce(folder, [file, '--app', ready?.fixed ?? '']);
    expect({ code, verdict: document.verdict, failure: document.runs[0]?.failure }, stderr).toEqual({ code: 1, verdict: 'not-reproduced', failure: null });
    expect(document.differences.join('\n')).toContain('2.1.6');
  }, 60_000);
});
