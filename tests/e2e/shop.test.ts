import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readPackage } from '@deja/format/node';
import type { ErrorInfo, ErrorPackage } from '@deja/format';
import { recordFailures, type Recording } from '../../examples/shop/dist/demo/record.js';
import { reproducePackage } from '../../examples/shop/dist/demo/reproduce.js';
import { FAILURES } from '../../examples/shop/dist/traffic/failures.js';
import { withoutMachine } from '../support/virtual-machines.ts';
import { reproduce, verdictsOf } from './real-apps/deja.ts';

const root = join(import.meta.dirname, '..', '..');
let folder = '';
let recording: Recording;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'deja-shop-'));
  recording = await recordFailures({ out: join(folder, 'packages'), folder: join(folder, 'world'), cacheFolder: join(root, '.deja', 'cache') });
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The innermost error's frame of the service that failed. */
const EXPECTED: Readonly<Record<string, { readonly error: string; readonly function: string; readonly file: string; readonly variables?: Readonly<Record<string, unknown>> }>> = {
  'suspended-admin': { error: 'TypeError', function: 'sectionsOf', file: 'admins.js', variables: { admin: { id: 47, name: 'Mika Lind', status: 'suspended', permissions: null } } },
  'payment-maintenance': { error: 'SyntaxError', function: 'chargeOf', file: 'payments.js', variables: { text: expect.stringContaining('503 Service Temporarily Unavailable') } },
  'redis-timeout': { error: 'CatalogUnavailableError', function: 'readCache', file: 'products.js', variables: { sku: 'sku-7' } },
  'binary-receipt': { error: 'ReceiptFormatError', function: 'parseReceipt', file: 'receipts.js', variables: { key: expect.stringMatching(/^receipts\/\d+\.bin$/) } },
};

test('ordinary traffic goes on beside the failures, and no other request fails', () => {
  expect(recording.traffic.failed).toEqual([]);
  expect(recording.traffic.answered).toBeGreaterThan(100);
});

describe.each(FAILURES.map((failure) => [failure.id, failure] as const))('%s', (id, failure) => {
  const recorded = (): Recording['failures'][number] | undefined => recording.failures.find((one) => one.failure.id === failure.id);

  test('is described with the frames and variables of the service', async ({ skip }) => {
    const one = recorded();
    if (!one) return skip(recording.leftOut.join('; '));
    const pkg = await readPackage(one.path);
    const expected = EXPECTED[id];
    const error = pkg.failure?.error as ErrorInfo;
    const frame = error.frames.find((candidate) => candidate.inApp);
    expect(error.name).toBe(expected?.error);
    expect(frame).toMatchObject({ function: expect.stringContaining(expected?.function ?? '') as string, file: `examples/shop/dist/service/${expected?.file ?? ''}` });
    const seen = Object.assign({}, ...(frame?.scopes ?? []).map((scope) => scope.variables)) as unknown;
    expect(seen).toMatchObject(expected?.variables ?? {});
  });

  test('carries no secret of the service', async ({ skip }) => {
    const one = recorded();
    if (!one) return skip(recording.leftOut.join('; '));
    const pkg = await readPackage(one.path);
    const text = JSON.stringify(pkg) + [...pkg.blobs.values()].map((bytes) => Buffer.from(bytes).toString('latin1')).join('');
    for (const secret of secretsOf(pkg)) expect(text.includes(secret), `a part of ${secret.slice(0, 4)}…`).toBe(false);
  });

  test('is reproduced with every server stopped, and not without its cause', async ({ skip }) => {
    const one = recorded();
    if (!one) return skip(recording.leftOut.join('; '));
    const result = await reproducePackage(one.path, 2);
    expect(result.runs.map(({ verdict, divergence, error }) => [verdict, divergence, error])).toEqual([['reproduced', null, undefined], ['reproduced', null, undefined]]);
    expect(result.control).toMatchObject({ verdict: 'not-reproduced' });
  });

  const skipped = withoutMachine({ oneOfAKind: id === 'payment-maintenance' });
  test.skipIf(skipped !== '')(`is reproduced in a virtual machine${skipped}`, async ({ skip }) => {
    const one = recorded();
    if (!one) return skip(recording.leftOut.join('; '));
    const { document, stderr } = await reproduce(folder, [one.path, '--sandbox', 'qemu', '--no-control']);
    expect(verdictsOf(document), stderr).toEqual(['reproduced']);
  }, 240_000);
});

/** What the world gave the service; written here again, because a package must not have it to compare with. */
function secretsOf(pkg: ErrorPackage): readonly string[] {
  expect(Object.keys(pkg.context.process.env)).toContain('PAYMENTS_API_KEY');
  return ['shop-demo-password-1', '51Nq8tWqZr0demoKeyOnly', 'demo/secret+access/key0123456789abcdefgh', 'AKIADEMOSHOP00000001'];
}
