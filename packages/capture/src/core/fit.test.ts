import type { ErrorPackage, IoEvent, Scope } from '@deja/format';
import { readPackage } from '@deja/format/node';
import { makeBody, writePackage } from '@deja/format/writer';
import { expect, test } from 'vitest';
import { examplePackage } from '../../../../tests/support/example-package.js';
import { BOUNDS, fit } from './fit.js';

function run<T>(steps: Generator<undefined, T>): T {
  for (let step = steps.next(); ; step = steps.next()) if (step.done) return step.value;
}

const BOOT: Scope = { in: 'boot' };
const BACKGROUND: Scope = { in: 'background' };
const FAILING: Scope = { in: 'request', request: 0 };

function withEvents(events: readonly { readonly scope: Scope; readonly rows: readonly (readonly string[])[] }[]): ErrorPackage {
  const example = examplePackage();
  const timeline = events.map(({ scope, rows }, index): IoEvent => ({
    seq: index + 1, kind: 'sql', scope, at: index, ms: 1, done: index + 1, database: 'shop', session: 1, text: 'SELECT 1',
    outcome: { ok: { command: 'SELECT', rowCount: rows.length, fields: (rows[0] ?? []).map((_, n) => ({ name: `c${n}`, type: 'text' })), rows } },
  }));
  const failure = example.failure && { ...example.failure, afterSeq: timeline.length };
  return { ...example, timeline, failure, manifest: { ...example.manifest, counts: { ...example.manifest.counts, events: timeline.length }, limits: [] } };
}

const MIB = 1024 ** 2;
const big = (scope: Scope, bytes: number) => ({ scope, rows: [['x'.repeat(bytes)]] });
const many = (scope: Scope, values: number) => ({ scope, rows: Array.from({ length: values / 10 }, () => Array.from({ length: 10 }, () => '')) });
const scopes = (pkg: ErrorPackage) => pkg.timeline.map(({ scope }) => (scope?.in === 'request' ? scope.request : scope?.in));

test('a package within the bounds is left as it is', () => {
  const pkg = examplePackage();
  expect(run(fit(pkg))).toBe(pkg);
});

test.each([
  ['JSON in all', withEvents([big(BACKGROUND, 6 * MIB), big(BOOT, 6 * MIB), big(FAILING, 6 * MIB)]), ['boot', 0]],
  ['the JSON of one event', withEvents([big(FAILING, 9 * MIB), big(BACKGROUND, 100)]), ['background']],
  ['the number of values', withEvents([many(BACKGROUND, 400_000), many(BOOT, 400_000), many(FAILING, 400_000)]), ['boot', 0]],
])('what brings %s above the bounds is left out, the least important first; readers take the rest', { timeout: 30_000 }, async (_, pkg, left) => {
  await expect(readPackage(writePackage(pkg))).rejects.toMatchObject({ code: 'DEJA_PACKAGE_TOO_LARGE' });
  const fitted = run(fit(pkg));
  expect(scopes(fitted)).toEqual(left);
  expect(fitted.timeline.map(({ seq, done }) => [seq, done])).toEqual(left.map((_, index) => [index + 1, index + 1]));
  expect(fitted.failure?.afterSeq).toBe(left.length);
  expect(fitted.manifest.limits.join()).toMatch(/^\d events were left out \(1 of .*too large/);
  const read = await readPackage(writePackage(fitted));
  expect(read.timeline).toEqual(fitted.timeline);
});

test('bodies of overlapping requests go before the events of the start, and their blobs with them', async () => {
  const pkg = withEvents([big(BOOT, 5 * MIB)]);
  const [failing] = pkg.context.requests;
  if (failing?.trigger.kind !== 'http') throw new Error('the example fails in an HTTP request');
  const { trigger } = failing;
  const blobs = new Map<string, Uint8Array>();
  const requests = Array.from({ length: 50 }, (_, n) => ({ ...failing, trigger: { ...trigger, body: makeBody(Buffer.alloc(MIB, n + 1), blobs) } }));
  const { response: _, ...failure } = pkg.failure ?? expect.fail('the example has a failure');
  const large: ErrorPackage = {
    ...pkg, failure, context: { ...pkg.context, requests: requests.map(({ response: __, ...request }) => request) }, blobs,
    manifest: { ...pkg.manifest, counts: { events: 1, requests: 50 } },
  };
  await expect(readPackage(writePackage(large))).rejects.toMatchObject({ code: 'DEJA_PACKAGE_TOO_LARGE' });
  const fitted = run(fit(large));
  expect(fitted.timeline).toHaveLength(1);
  expect(fitted.context.requests).toHaveLength(50);
  expect(fitted.blobs.size).toBe(Math.floor(BOUNDS.unpacked / MIB) - 5 - 1);
  expect(fitted.manifest.limits.join()).toMatch(/bodies of 12 overlapping requests were left out/);
  await readPackage(writePackage(fitted));
});
