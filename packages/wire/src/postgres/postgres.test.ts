import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WireError } from '../error.js';
import { PgBackendParser } from './backend-parser.js';
import { pgBare, pgDataRow, pgErrorResponse, pgMessage, pgParse, pgQuery, pgReadyForQuery, pgRowDescription, pgStartup } from './build.js';
import { PgFrontendParser } from './frontend-parser.js';

const startup = pgStartup(new Map([['user', 'ada'], ['database', 'main']]));
const ssl = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

function pieces(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].toSorted((a, b) => a - b);
  return [...at, bytes.length].map((to, index) => bytes.subarray(index === 0 ? 0 : at[index - 1], to));
}

const word = fc.string({ maxLength: 12 }).filter((text) => !text.includes('\0') && text.isWellFormed());
const frontend = fc.oneof(
  word.map((text) => pgQuery(text)),
  fc.tuple(word, word, fc.array(fc.nat(5000), { maxLength: 4 })).map(([name, text, types]) => pgParse(name, text, types)),
  fc.constantFrom('S', 'H', 'c').map(pgBare),
);

describe('Postgres frontend messages', () => {
  it('are the same at any split of the bytes', () => {
    fc.assert(
      fc.property(fc.array(frontend, { maxLength: 8 }), fc.array(fc.nat(1000), { maxLength: 20 }), (messages, cuts) => {
        const bytes = Buffer.concat([ssl, startup, ...messages]);
        const whole = new PgFrontendParser().push(bytes);
        const parser = new PgFrontendParser();
        expect(pieces(bytes, cuts).flatMap((piece) => parser.push(piece))).toEqual(whole);
        expect(whole.slice(2).map((message) => message.raw)).toEqual(messages);
      }),
    );
  });

  it('reads startup, parse and bind', () => {
    const bind = pgMessage('B', Buffer.from('portal\0stmt\0\0\x01\0\x01\0\x02\0\0\0\x02hi\xff\xff\xff\xff\0\x01\0\0', 'latin1'));
    const [first, second, third] = new PgFrontendParser().push(Buffer.concat([startup, pgParse('s', 'SELECT $1', [23]), bind]));
    expect(first).toMatchObject({ type: 'startup', parameters: new Map([['user', 'ada'], ['database', 'main']]) });
    expect(second).toMatchObject({ type: 'parse', name: 's', text: 'SELECT $1', types: [23] });
    expect(third).toMatchObject({ type: 'bind', portal: 'portal', statement: 'stmt', values: [Buffer.from('hi'), null], resultFormats: [0] });
  });

  it.each([
    ['another protocol', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['another version', Buffer.from([0, 0, 0, 8, 0, 2, 0, 0])],
    ['an impossible length', Buffer.concat([startup, Buffer.from([0x51, 0, 0, 0, 1])])],
    ['an unknown message', Buffer.concat([startup, pgBare('!')])],
    ['fields beyond the end', Buffer.concat([startup, pgMessage('B', Buffer.from('a\0b\0\0\0\0\x09', 'latin1'))])],
  ])('refuses %s', (_, bytes) => {
    expect(() => new PgFrontendParser().push(bytes)).toThrow(WireError);
  });
});

describe('Postgres backend messages', () => {
  it('are the same at any split of the bytes', () => {
    const messages = [
      pgRowDescription([{ name: 'id', tableId: 1, columnId: 1, typeId: 23, typeSize: 4 }]),
      pgDataRow([Buffer.from('47'), null]),
      pgErrorResponse([['S', 'ERROR'], ['C', '23505']]),
      pgReadyForQuery('T'),
    ];
    const bytes = Buffer.concat(messages);
    fc.assert(
      fc.property(fc.array(fc.nat(500), { maxLength: 12 }), (cuts) => {
        const parser = new PgBackendParser();
        const parsed = pieces(bytes, cuts).flatMap((piece) => parser.push(piece));
        expect(parsed.map((message) => message.raw)).toEqual(messages);
        expect(parsed.map((message) => message.kind)).toEqual(['T', 'D', 'E', 'Z']);
      }),
    );
  });
});
