import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { crc32, crc32ByTable } from './crc32.js';

test('the table agrees with zlib, and with the check value of the standard', () => {
  expect(crc32ByTable(Buffer.from('123456789'))).toBe(0xcbf43926);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => crc32ByTable(bytes) === crc32(bytes)));
});
