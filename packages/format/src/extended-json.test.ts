import { describe, expect, it } from 'vitest';
import { readExtendedJson } from './extended-json.js';

describe('documents of MongoDB as text', () => {
  it('are read', () => {
    expect(readExtendedJson('{"_id":{"$oid":"65f000000000000000000001"},"a":["{"]}')).toEqual({ _id: { $oid: '65f000000000000000000001' }, a: ['{'] });
  });

  it.each(['', 'null', '[]', '"x"', '{', '{"a":'])('are objects, and not %j', (text) => {
    expect(readExtendedJson(text)).toBeNull();
  });

  it('that are nested without end are refused before they are built', () => {
    expect(readExtendedJson(`${'{"a":'.repeat(401)}1${'}'.repeat(401)}`)).toBeNull();
    expect(readExtendedJson(`${'{"a":'.repeat(300)}1${'}'.repeat(300)}`)).not.toBeNull();
  });
});
