import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPackage } from '@deja/format/node';
import { testPostgres } from '../support/postgres.ts';
import { captureUnleash, type UnleashDays } from './real-apps/capture-unleash.ts';
import { packagesIn, reproduce, verdictsOf } from './real-apps/deja.ts';
import { install } from './real-apps/installed.ts';

const installed = install('unleash-server', { failing: '4.19.5', fixed: '5.6.0' });
const ready = 'missing' in installed ? undefined : installed;
const out = mkdtempSync(join(tmpdir(), 'deja-unleash-'));
afterAll(() => rmSync(out, { recursive: true, force: true }));

describe.skipIf(ready === undefined)(`unleash-server 4.19.5${'missing' in installed ? ` (skipped: ${installed.missing})` : ''}: an account without a password signs in`, () => {
  let days: UnleashDays;
  let file: string;
  beforeAll(async () => {
    if (ready === undefined) return;
    await using database = await testPostgres('');
    days = await captureUnleash(ready, database, out, 'second start');
    file = packagesIn(out)[0] ?? 'no package';
  });

  it('is captured, although the route catches its error itself', async () => {
    expect(days.status).toBe(500);
    expect(packagesIn(out)).toHaveLength(1);
    expect(days.output).toContain(`deja reproduce`);
    const { failure, timeline, manifest, context } = await readPackage(file);
    expect(manifest).toMatchObject({ service: 'unleash-server', release: '4.19.5' });
    expect(failure).toMatchObject({ origin: 'response', fatal: false, response: { status: 500 }, error: { name: 'Error', message: 'Illegal arguments: string, object' } });
    expect(failure?.error?.frames.find((frame) => frame.inApp)).toMatchObject({ function: 'UserService.loginUser', file: 'dist/lib/services/user-service.js' });
    const asked = timeline.filter((event) => event.kind === 'sql' && event.scope?.in === 'request' && event.scope.request === 0);
    expect(asked).toHaveLength(3);
    expect(asked[2]).toMatchObject({ outcome: { ok: { rows: [[null]], fields: [{ name: 'password_hash', table: 'users', column: 'password_hash' }] } } });
    // The database's password is in DATABASE_URL, the user's in the body.
    expect(JSON.stringify(context.process.env)).not.toContain(':app@');
    expect(JSON.stringify(context.requests)).not.toContain('let me in');
  });

  it('is reproduced ten times out of ten with the database stopped', async () => {
    const { code, document } = await reproduce(out, [file, '--runs', '10']);
    expect(verdictsOf(document)).toEqual(Array<string>(10).fill('reproduced'));
    expect({ code, verdict: document.verdict }).toEqual({ code: 0, verdict: 'reproduced' });
    expect(document.control?.verdict).toBe('not-reproduced');
  }, 180_000);

  it('is gone in 5.6.0, which makes its own tables for the observed rows', async () => {
    const { code, document, stderr } = await reproduce(out, [file, '--app', ready?.fixed ?? '']);
    expect({ code, verdict: document.verdict, failure: document.runs[0]?.failure }, stderr).toEqual({ code: 1, verdict: 'not-reproduced', failure: null });
    expect(document.differences.join('\n')).toContain('5.6.0');
  }, 120_000);

  it('is reproduced, too, from a recording that saw the first start, with all its migrations', async () => {
    if (ready === undefined) return;
    const first = join(out, 'first');
    {
      await using database = await testPostgres('');
      await captureUnleash(ready, database, first, 'first start');
    }
    const { code, document } = await reproduce(out, [packagesIn(first)[0] ?? 'no package', '--no-control']);
    expect({ code, verdicts: verdictsOf(document) }).toEqual({ code: 0, verdicts: ['reproduced'] });
  }, 120_000);
});
