import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WireError } from '../error.js';
import { addressBytes, encodeDnsAnswer, parseDnsQuestion } from './message.js';
import { DnsTcpParser, frameDnsOverTcp } from './tcp-parser.js';

function query(name: string, type: number, id = 7): Buffer {
  const labels = name.split('.').flatMap((label) => [Buffer.from([label.length]), Buffer.from(label, 'latin1')]);
  return Buffer.concat([Buffer.from([id >> 8, id & 0xff, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]), ...labels, Buffer.from([0, 0, type, 0, 1])]);
}

const label = fc.stringMatching(/^[a-z0-9-]{1,20}$/);
const question = fc.tuple(fc.array(label, { minLength: 1, maxLength: 4 }), fc.constantFrom(1, 28, 16), fc.nat(65535)).map(([labels, type, id]) => query(labels.join('.'), type, id));

describe('DNS', () => {
  it('reads the same questions at any split of the bytes', () => {
    fc.assert(
      fc.property(fc.array(question, { maxLength: 5 }), fc.array(fc.nat(400), { maxLength: 10 }), (questions, cuts) => {
        const bytes = Buffer.concat(questions.map(frameDnsOverTcp));
        const parser = new DnsTcpParser();
        const at = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].toSorted((a, b) => a - b);
        const parsed = [...at, bytes.length].flatMap((to, index) => parser.push(bytes.subarray(index === 0 ? 0 : at[index - 1], to)));
        expect(parsed).toEqual(questions.map((one) => parseDnsQuestion(one)));
      }),
    );
  });

  it('answers with the addresses of the family that was asked for', () => {
    const asked = parseDnsQuestion(query('Db.Example', 1));
    expect([asked.name, asked.type, asked.id]).toEqual(['db.example', 'A', 7]);
    const answer = encodeDnsAnswer(asked, { addresses: ['10.0.0.5', 'fd00::1'] });
    expect(answer.readUInt16BE(6)).toBe(1);
    expect(answer.subarray(-4)).toEqual(Buffer.from([10, 0, 0, 5]));
    const six = encodeDnsAnswer(parseDnsQuestion(query('db.example', 28)), { addresses: ['10.0.0.5', 'fd00::1:2'] });
    expect(six.subarray(-16).toString('hex')).toBe('fd000000000000000000000000010002');
    expect(encodeDnsAnswer(parseDnsQuestion(query('db.example', 16)), { addresses: ['10.0.0.5'] }).readUInt16BE(6)).toBe(0);
  });

  it.each([['NXDOMAIN', 3], ['SERVFAIL', 2]] as const)('says %s', (failure, code) => {
    expect(encodeDnsAnswer(parseDnsQuestion(query('x', 1)), { failure }).readUInt16BE(2) & 0xf).toBe(code);
  });

  it.each(['::ffff:10.0.0.1', '::', '1::', 'fe80::1%eth0'])('knows the bytes of %s', (address) => {
    expect(addressBytes(address)).toHaveLength(16);
  });

  it('refuses what is no question', () => {
    for (const bytes of [Buffer.alloc(3), Buffer.alloc(12), query('a', 1).subarray(0, 14), Buffer.concat([query('a', 1).subarray(0, 12), Buffer.from([0xc0, 0x0c])])]) {
      expect(() => parseDnsQuestion(bytes)).toThrow(WireError);
    }
  });
});
