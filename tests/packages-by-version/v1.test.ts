import { join } from 'node:path';
import { bodyBytes, readPackage } from '@deja/format/node';
import { expect, test } from 'vitest';
import { examplePackage } from '../support/example-package.ts';

test('the package that version 1 wrote is still read, whole', async () => {
  const kept = await readPackage(join(import.meta.dirname, 'v1', 'shop.deja'));
  const expected = examplePackage();
  expect({ ...kept, blobs: [...kept.blobs.keys()] }).toEqual({ ...expected, blobs: [...expected.blobs.keys()] });
  const receipt = kept.timeline.find((event) => event.kind === 'http' && event.service === 's3');
  if (receipt?.kind !== 'http' || !('ok' in receipt.outcome) || !receipt.outcome.ok.body) throw new Error('the receipt is gone');
  expect(bodyBytes(kept.blobs, receipt.outcome.ok.body)).toHaveLength(6000);
});
