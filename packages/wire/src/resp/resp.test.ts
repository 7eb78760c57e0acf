import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WireError } from '../error.js';
import { RespCommandParser } from './command-parser.js';
import { encodeResp, type RespValue } from './encode.js';
import { encodeCommand } from './encode-command.js';
import { RespReplySplitter } from './reply-splitter.js';

/** Feed `bytes` cut at the given places. */
function feed(bytes: Buffer, cuts: readonly number[]): string[][] {
  const parser = new RespCommandParser();
  const at = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].toSorted((a, b) => a - b);
  const commands: string[][] = [];
  let from = 0;
  for (const to of [...at, bytes.length]) {
    for (const command of parser.push(bytes.subarray(from, to))) commands.push(command.map((arg) => arg.toString('base64')));
    from = to;
  }
  return commands;
}

describe('RESP commands', () => {
  it('gives the same commands at any split of the bytes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 6 }), { maxLength: 6 }),
        fc.array(fc.nat(2000), { maxLength: 12 }),
        (commands, cuts) => {
          const bytes = Buffer.concat(commands.map(encodeCommand));
          expect(feed(bytes, cuts)).toEqual(commands.map((command) => command.map((arg) => Buffer.from(arg).toString('base64'))));
        },
      ),
    );
  });

  it('gives the same commands byte by byte, inline ones included', () => {
    const bytes = Buffer.from('PING\r\n*2\r\n$3\r\nGET\r\n$6\r\na\r\nb\r\n\r\n\r\nSET  k v\n*0\r\n*1\r\n$4\r\nQUIT\r\n');
    const whole = feed(bytes, []);
    expect(whole.map((command) => command.map((arg) => Buffer.from(arg, 'base64').toString()))).toEqual([['PING'], ['GET', 'a\r\nb\r\n'], ['SET', 'k', 'v'], ['QUIT']]);
    expect(feed(bytes, Array.from({ length: bytes.length }, (_, index) => index))).toEqual(whole);
  });

  it.each(['*1\r\n+OK\r\n', '*x\r\n', '*1\r\n$-5\r\n', '*1\r\n$2\r\nabcd\r\n', '*99999999999\r\n', `*${'1'.repeat(40)}`])('refuses %j', (text) => {
    expect(() => new RespCommandParser().push(Buffer.from(text))).toThrow(WireError);
  });
});

describe('RESP replies', () => {
  it('says the same in both versions, each in its own types', () => {
    const value = { map: [[{ bulk: 'é' }, { array: [{ boolean: true }, { double: '1.5' }, { null: true }] }], [{ simple: 'k' }, { set: [{ integer: '7' }, { error: 'ERR\r\nno' }] }]] } as const;
    expect(encodeResp(value, 3).toString()).toBe('%2\r\n$2\r\né\r\n*3\r\n#t\r\n,1.5\r\n_\r\n+k\r\n~2\r\n:7\r\n-ERR no\r\n');
    expect(encodeResp(value, 2).toString()).toBe('*4\r\n$2\r\né\r\n*3\r\n:1\r\n$3\r\n1.5\r\n$-1\r\n+k\r\n*2\r\n:7\r\n-ERR no\r\n');
  });

  it('knows the types of RESP3 that RESP2 has no sign for', () => {
    const value = { push: [{ bulk: 'message' }, { bigNumber: '123456789012345678901' }, { verbatim: 'a b', format: 'txt' }, { blobError: 'ERR\r\nb' }] } as const;
    expect(encodeResp(value, 3).toString()).toBe('>4\r\n$7\r\nmessage\r\n(123456789012345678901\r\n=7\r\ntxt:a b\r\n!6\r\nERR\r\nb\r\n');
    expect(encodeResp(value, 2).toString()).toBe('*4\r\n$7\r\nmessage\r\n$21\r\n123456789012345678901\r\n$3\r\na b\r\n-ERR b\r\n');
  });

  it('keeps bytes that are not text', () => {
    expect(encodeResp({ base64: Buffer.from([0xff, 0x0d, 0x0a]).toString('base64') }, 2)).toEqual(Buffer.from([0x24, 0x33, 0x0d, 0x0a, 0xff, 0x0d, 0x0a, 0x0d, 0x0a]));
  });
});

describe('RESP replies in a row', () => {
  const values: readonly RespValue[] = [
    { simple: 'OK' }, { bulk: 'a\r\n+b' }, { null: true }, { map: [[{ bulk: 'k' }, { array: [{ double: '1.5' }, { set: [{ boolean: true }] }] }]] }, { array: [] }, { error: 'ERR no' },
    { push: [{ bulk: 'message' }, { verbatim: 'x', format: 'txt' }] }, { bigNumber: '12345678901234567890' }, { blobError: 'ERR a\r\nb' },
  ];

  it.each([2, 3] as const)('of RESP%s come out one by one, at any split of the bytes', (version) => {
    const replies = [...values.map((value) => encodeResp(value, version)), Buffer.from('*-1\r\n'), Buffer.from('|1\r\n+ttl\r\n:1\r\n$1\r\nx\r\n')];
    const bytes = Buffer.concat(replies);
    fc.assert(fc.property(fc.array(fc.nat(bytes.length), { maxLength: 12 }), (cuts) => {
      const splitter = new RespReplySplitter();
      const at = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
      const seen = at.slice(1).flatMap((to, index) => splitter.push(bytes.subarray(at[index], to)));
      expect(seen.map(String)).toEqual(replies.map(String));
    }));
  });

  it('that are none are refused', () => {
    expect(() => new RespReplySplitter().push(Buffer.from('what?\r\n'))).toThrow(WireError);
  });
});
