import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WireError } from '../error.js';
import { mysqlBinaryRow, mysqlColumn, mysqlEnd, mysqlError, mysqlInteger, mysqlOk, mysqlPrepared, mysqlTextColumn, mysqlTextRow } from './build.js';
import { MYSQL_CAN, MYSQL_STATUS } from './capabilities.js';
import { readMysqlCommand } from './command.js';
import { mysqlGreeting, readMysqlGreeting } from './greeting.js';
import { mysqlChangeUser, mysqlLogin, readMysqlChangeUser, readMysqlLogin } from './login.js';
import { mysqlDouble, mysqlFloat } from './numbers.js';
import { MysqlPacketParser, mysqlPackets } from './packets.js';
import { readMysqlParameters } from './parameters.js';
import { MysqlReader } from './reader.js';
import { MysqlResponse } from './response.js';
import { MYSQL_TYPE } from './types.js';

function read(parser: MysqlPacketParser): Buffer[] {
  const payloads: Buffer[] = [];
  for (let packet = parser.next(); packet; packet = parser.next()) payloads.push(Buffer.from(packet.payload));
  return payloads;
}

describe('MySQL packets', () => {
  it('are the same at any split of the bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 6 }), fc.array(fc.nat(2000), { maxLength: 15 }), (payloads, cuts) => {
        const bytes = mysqlPackets(payloads.map((one) => Buffer.from(one)), 250);
        const at = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].toSorted((a, b) => a - b);
        const parser = new MysqlPacketParser();
        const found = [...at, bytes.length].flatMap((to, index) => {
          parser.push(bytes.subarray(index === 0 ? 0 : at[index - 1], to));
          return read(parser);
        });
        expect(found).toEqual(payloads.map((one) => Buffer.from(one)));
      }),
    );
  });

  it('go on in further packets where one is full', () => {
    const long = Buffer.alloc(0xffffff, 7);
    const bytes = mysqlPackets([long, Buffer.from('x')], 1);
    const parser = new MysqlPacketParser();
    parser.push(bytes);
    expect(parser.next()).toMatchObject({ sequence: 2 });
    expect(parser.next()).toMatchObject({ sequence: 3, payload: Buffer.from('x') });
    expect(bytes.length).toBe(4 + 0xffffff + 4 + 5);
  });

  it('give back what was not asked for', () => {
    const parser = new MysqlPacketParser();
    parser.push(Buffer.concat([mysqlPackets([Buffer.from('a')], 0), Buffer.from([22, 3, 1])]));
    expect(parser.next()?.payload.toString()).toBe('a');
    expect([...parser.rest()]).toEqual([22, 3, 1]);
  });
});

describe('the way in', () => {
  const scramble = Buffer.from('abcdefghijklmnopqrst');
  const greeting = { version: '8.0.36', connection: 7, capabilities: 0xdfff_f7ff, extended: 0, charset: 45, status: 2, plugin: 'caching_sha2_password', scramble };

  it('reads a greeting as it was written', () => {
    expect(readMysqlGreeting(mysqlGreeting(greeting))).toEqual(greeting);
    const mariadb = { ...greeting, version: '5.5.5-10.11.2-MariaDB', capabilities: 0x81ff_f7fe, extended: 8, plugin: 'mysql_native_password' };
    expect(readMysqlGreeting(mysqlGreeting(mariadb))).toEqual(mariadb);
  });

  it('reads a login, with a database and without', () => {
    const login = { capabilities: MYSQL_CAN.protocol41 | MYSQL_CAN.secureConnection | MYSQL_CAN.pluginAuth, extended: 8, charset: 45, user: 'ada' };
    expect(readMysqlLogin(mysqlLogin({ ...login, database: 'shop' }))).toMatchObject({ user: 'ada', database: 'shop', charset: 45, extended: 8, plugin: 'mysql_native_password' });
    expect(readMysqlLogin(mysqlLogin({ ...login, database: undefined }))).toMatchObject({ user: 'ada', database: undefined });
    expect(readMysqlChangeUser(mysqlChangeUser('eve', 'other', 33))).toEqual({ user: 'eve', auth: Buffer.alloc(0), database: 'other', charset: 33, plugin: 'mysql_native_password' });
  });

  it.each([
    ['a greeting of another protocol', () => readMysqlGreeting(Buffer.from([9, 0]))],
    ['a refusal in place of a greeting', () => readMysqlGreeting(mysqlError(1040, undefined, 'Too many connections'))],
    ['a greeting that ends too early', () => readMysqlGreeting(mysqlGreeting(greeting).subarray(0, 20))],
    ['a login of the old protocol', () => readMysqlLogin(Buffer.alloc(40))],
    ['a login without a user', () => readMysqlLogin(Buffer.from([0, 2, ...Array.from({ length: 30 }, () => 0)]))],
    ['a length that is none', () => new MysqlReader(Buffer.from([255])).integer()],
    ['parameters without types', () => readMysqlParameters(Buffer.from([23, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0]), 1, undefined)],
  ])('refuses %s', (_, attempt) => {
    expect(attempt).toThrow(WireError);
  });

  it('knows a request for encryption', () => {
    const request = Buffer.alloc(32);
    request.writeUInt32LE(MYSQL_CAN.protocol41 | MYSQL_CAN.tls);
    expect(readMysqlLogin(request)).toBeNull();
  });
});

describe('integers', () => {
  it.each([0n, 250n, 251n, 65_535n, 65_536n, 16_777_215n, 16_777_216n, 2n ** 53n])('%s', (value) => {
    expect(new MysqlReader(mysqlInteger(value)).integer()).toBe(Number(value));
  });
});

describe('numbers as the server writes them', () => {
  it.each([
    [0, '0'], [1, '1'], [-5, '-5'], [0.1, '0.1'], [1.5e10, '15000000000'], [1e14, '100000000000000'], [1e15, '1e15'], [-1e100, '-1e100'], [123_456_789_012_345_680, '1.2345678901234568e17'], [0.00001, '0.00001'], [1.5e-20, '1.5e-20'],
  ])('%s', (value, text) => {
    expect(mysqlDouble(value)).toBe(text);
  });

  it('with six digits where there are four bytes', () => {
    expect(mysqlFloat(Math.fround(0.1))).toBe('0.1');
    expect(mysqlFloat(Math.fround(1_234_567))).toBe('1234570');
  });
});

function ok(status = 0): Buffer {
  return mysqlOk({ affectedRows: 300, insertId: 70_000n, status, info: '' }, false);
}

describe('the end of an answer', () => {
  const column = mysqlColumn(mysqlTextColumn('n'), false);
  const row = mysqlTextRow([Buffer.from('x')]);
  const withoutEof = MYSQL_CAN.deprecateEof;
  const long = Buffer.concat([Buffer.from([0xfe]), Buffer.alloc(20)]);

  it.each([
    ['OK', 'results' as const, 0, [ok()]],
    ['an error', 'results' as const, 0, [mysqlError(1064, '42000', 'no')]],
    ['rows', 'results' as const, 0, [mysqlInteger(2n), column, column, mysqlEnd(0, false), row, long, mysqlEnd(2, false)]],
    ['rows without EOF', 'results' as const, withoutEof, [mysqlInteger(1n), column, row, row, mysqlEnd(2, true)]],
    ['an error among rows', 'results' as const, 0, [mysqlInteger(1n), column, mysqlEnd(0, false), row, mysqlError(1317, '70100', 'interrupted')]],
    ['several results', 'results' as const, 0, [ok(MYSQL_STATUS.moreResults), mysqlInteger(1n), column, mysqlEnd(0, false), mysqlEnd(MYSQL_STATUS.moreResults, false), ok()]],
    ['a cursor', 'results' as const, 0, [mysqlInteger(1n), column, mysqlEnd(MYSQL_STATUS.cursorExists, false)]],
    ['rows of a cursor', 'rows' as const, 0, [row, row, mysqlEnd(0, false)]],
    ['a statement with nothing', 'prepare' as const, 0, [mysqlPrepared(1, 0, 0)]],
    ['a statement', 'prepare' as const, 0, [mysqlPrepared(1, 1, 2), column, column, mysqlEnd(0, false), column, mysqlEnd(0, false)]],
    ['a statement without EOF', 'prepare' as const, withoutEof, [mysqlPrepared(1, 1, 2), column, column, column]],
    ['a refused statement', 'prepare' as const, 0, [mysqlError(1146, '42S02', 'no table')]],
    ['fields', 'fields' as const, 0, [column, column, mysqlEnd(0, false)]],
    ['one packet', 'one' as const, 0, [ok()]],
  ])('%s', (_, kind, capabilities, packets) => {
    const response = new MysqlResponse(kind, capabilities);
    expect(packets.map((packet) => response.take(packet))).toEqual(packets.map((_packet, index) => index === packets.length - 1));
  });
});

describe('values of prepared statements', () => {
  it('are read in the server\'s text form', () => {
    const types = [MYSQL_TYPE.double, MYSQL_TYPE.varString, MYSQL_TYPE.datetime, MYSQL_TYPE.time, MYSQL_TYPE.longlong, MYSQL_TYPE.blob, MYSQL_TYPE.null, MYSQL_TYPE.tiny, MYSQL_TYPE.date, MYSQL_TYPE.float];
    const cells = ['0.5', 'é', '2020-02-29 01:02:03.5', '-101:30:05', '-9007199254740993', 'raw', null, '-1', '2020-02-29', '1.5'].map((text) => (text === null ? null : Buffer.from(text)));
    const values = mysqlBinaryRow(cells, types).subarray(1 + ((cells.length + 9) >> 3));
    const nulls = [0b0100_0000, 0];
    const payload = Buffer.concat([Buffer.from([23, 1, 0, 0, 0, 0, 1, 0, 0, 0, ...nulls, 1]), ...types.map((type) => Buffer.from([type, 0])), values]);
    const first = readMysqlParameters(payload, 10, undefined, new Map());
    const shown = ['0.5', 'é', '2020-02-29 01:02:03.5', '-101:30:05', '-9007199254740993', undefined, undefined, '-1', '2020-02-29', '1.5'];
    expect(first.values.map((value) => (value && 'text' in value ? value.text : undefined))).toEqual(shown);
    expect(first.values[5]).toEqual({ kind: 'bytes', bytes: Buffer.from('raw') });
    const again = Buffer.concat([payload.subarray(0, 12), Buffer.from([0]), values]);
    expect(readMysqlParameters(again, 10, first.types).values).toEqual(first.values);
  });

  it('may have been sent ahead', () => {
    const payload = Buffer.from([23, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, MYSQL_TYPE.blob, 0]);
    expect(readMysqlParameters(payload, 1, undefined, new Map([[0, Buffer.from('ahead')]])).values).toEqual([{ kind: 'bytes', bytes: Buffer.from('ahead') }]);
  });
});

describe('commands', () => {
  it('are told apart', () => {
    expect(readMysqlCommand(Buffer.from('\u0003SELECT 1'))).toEqual({ type: 'query', text: 'SELECT 1' });
    expect(readMysqlCommand(Buffer.from('\u0002shop'))).toEqual({ type: 'database', name: 'shop' });
    expect(readMysqlCommand(Buffer.from([24, 2, 0, 0, 0, 1, 0, 9]))).toEqual({ type: 'long-data', statement: 2, parameter: 1, data: Buffer.from([9]) });
    expect(readMysqlCommand(Buffer.from([18, 0]))).toEqual({ type: 'unknown', code: 18 });
  });

  it('without anything in them are refused', () => {
    expect(() => readMysqlCommand(Buffer.alloc(0))).toThrow(WireError);
  });
});
