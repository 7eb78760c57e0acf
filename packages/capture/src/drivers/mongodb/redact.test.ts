import { describe, expect, it } from 'vitest';
import { withoutSecrets } from './redact.js';

/** Replaces digits by nines where it is digits, as pseudonyms keep their form. */
const redact = (name: string, value: string): string => (/password|pin/i.test(name) ? (/^\d+$/.test(value) ? '9'.repeat(value.length) : '<secret>') : value);

describe('documents of MongoDB without their secrets', () => {
  it('keep their types', () => {
    const document = {
      insert: 'users',
      documents: [{ _id: { $oid: '65f0c0ffee00000000000001' }, name: 'Ann', password: 'hunter2', pin: { $numberInt: '1234' }, raw: { password: { $binary: { base64: 'AQID', subType: '05' } } }, at: { $date: { $numberLong: '5' } } }],
    };
    expect(withoutSecrets(document, redact)).toEqual({
      insert: 'users',
      documents: [{ _id: { $oid: '65f0c0ffee00000000000001' }, name: 'Ann', password: '<secret>', pin: { $numberInt: '9999' }, raw: { password: { $binary: { base64: Buffer.from('<secret>').toString('base64'), subType: '05' } } }, at: { $date: { $numberLong: '5' } } }],
    });
  });

  it('are looked through behind operators, and below a name that is secret itself', () => {
    expect(withoutSecrets({ update: 'users', updates: [{ q: { password: { $in: ['a', 'b'] } }, u: { $set: { password: { old: 'x', tries: true } } } }] }, redact)).toEqual({
      update: 'users', updates: [{ q: { password: { $in: ['<secret>', '<secret>'] } }, u: { $set: { password: { old: '<secret>', tries: true } } } }],
    });
  });

  it('leave alone what the protocol says, and numbers that would be none any more', () => {
    expect(withoutSecrets({ find: 'password', cursor: { ns: 'shop.users', firstBatch: [{ pin: { $numberInt: '1999999999' } }, { pin: { $numberDouble: '-0.0' } }] } }, redact)).toEqual({
      find: 'password', cursor: { ns: 'shop.users', firstBatch: [{ pin: { $numberInt: String(9_999_999_999 % 2 ** 31) } }, { pin: { $numberDouble: '-0.0' } }] },
    });
  });
});
