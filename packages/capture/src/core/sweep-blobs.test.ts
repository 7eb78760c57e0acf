import { makeBody, sha256 } from '@deja/format/writer';
import type { ErrorPackage } from '@deja/format';
import { expect, test } from 'vitest';
import { Redactor } from '../redact/redactor.js';
import { sweepBlobs } from './sweep-blobs.js';

function run<T>(steps: Generator<undefined, T>): T {
  for (let step = steps.next(); ; step = steps.next()) if (step.done) return step.value;
}

test('a secret seen elsewhere is taken out of a large body, and what refers to the body finds it', () => {
  const redactor = new Redactor();
  const secret = 'correct-horse-battery-staple';
  redactor.value('password', secret);
  const blobs = new Map<string, Uint8Array>();
  const dirty = makeBody(Buffer.from(`${'x'.repeat(9000)}${secret}`), blobs);
  const clean = makeBody(Buffer.from('y'.repeat(9000)), blobs);
  const pkg = { state: { values: { dirty, nested: [{ clean }] } }, blobs: new Map() } as unknown as ErrorPackage;
  const swept = run(sweepBlobs(pkg, blobs, redactor));
  const { dirty: to, nested } = swept.state.values as { dirty: { blob: string; size: number }; nested: [{ clean: unknown }] };
  const bytes = swept.blobs.get(to.blob);
  expect(Buffer.from(bytes ?? []).toString()).not.toContain(secret);
  expect(sha256(bytes ?? new Uint8Array())).toBe(to.blob);
  expect(bytes?.length).toBe(to.size);
  expect(nested[0].clean).toEqual(clean);
  expect(swept.blobs.size).toBe(2);
});
