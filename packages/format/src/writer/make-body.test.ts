import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { bodyBytes, bodyText } from '../node/body.js';
import { makeBody } from './make-body.js';

test('any bytes come back as they were, whatever form they took', () => {
  const bytesOrText = fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.string({ unit: 'binary' }).map((text) => new TextEncoder().encode(text)));
  fc.assert(
    fc.property(bytesOrText, fc.nat(100), (bytes, inlineLimit) => {
      const blobs = new Map<string, Uint8Array>();
      const body = makeBody(bytes, blobs, { inlineLimit });
      expect(Buffer.from(bodyBytes(blobs, body)).equals(bytes)).toBe(true);
      expect('blob' in body).toBe(bytes.length > inlineLimit);
    }),
  );
});

test('text stays readable, a byte order mark and all', () => {
  const blobs = new Map<string, Uint8Array>();
  expect(makeBody(Buffer.from('\uFEFFhé'), blobs)).toEqual({ text: '\uFEFFhé' });
  expect(makeBody(Buffer.from([0xff, 0x00]), blobs, { truncated: 9 })).toEqual({ base64: '/wA=', truncated: 9 });
  expect(blobs.size).toBe(0);
  const large = makeBody(Buffer.from('x'.repeat(5000)), blobs);
  expect(bodyText(blobs, large)).toBe('x'.repeat(5000));
  expect(bodyText(blobs, { base64: '/wA=' })).toBeNull();
  expect(() => bodyBytes(new Map(), large)).toThrow(expect.objectContaining({ code: 'DEJA_BLOB_MISSING' }));
});
