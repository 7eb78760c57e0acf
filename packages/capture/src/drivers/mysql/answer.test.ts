import { describe, expect, test } from 'vitest';
import { readAnswer } from './answer.js';
import { commandsOf } from './commands.js';
import { doubleText, floatText } from './numbers.js';

function text(value: string): Buffer {
  return Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
}

const column = Buffer.concat([...['def', 'shop', 'users', 'users', 'name', 'name'].map(text), Buffer.from([12, 45, 0, 160, 0, 0, 0, 253, 0, 0, 0, 0, 0])]);
const end = Buffer.from([0xfe, 0, 0, 2, 0]);
const more = Buffer.from([0xfe, 0, 0, 8, 0]);
const ok = Buffer.from([0, 3, 252, 0, 1, 2, 0, 0, 0]);
const manner = { binary: false, extended: false };

describe('an answer as it came off the wire', () => {
  test('rows, and what came after them', () => {
    const segments = readAnswer([Buffer.from([1]), column, end, text('Ada'), Buffer.from([0xfb]), more, ok], manner);
    expect(segments).toMatchObject([{ columns: [{ name: 'name', table: 'users', column: 'name', type: 253 }], rows: [[Buffer.from('Ada')], [null]] }, { rows: [], done: { affectedRows: 3, insertId: 256n } }]);
  });

  test('may end anywhere', () => {
    const packets = [Buffer.from([1]), column, end, text('Ada'), text('Bob')];
    expect(packets.map((_packet, index) => readAnswer(packets.slice(0, index), manner).map(({ rows }) => rows.length))).toEqual([[], [], [], [0], [1]]);
    expect(readAnswer([Buffer.from([1]), column.subarray(0, 9), end, text('Ada').subarray(0, 2)], manner)).toMatchObject([{ rows: [[Buffer.from('A')]] }]);
    expect(readAnswer([Buffer.alloc(0)], manner)).toEqual([]);
  });
});

describe('numbers as the server writes them', () => {
  test.each([[0, 31, '0'], [0.1, 31, '0.1'], [1e15, 31, '1e15'], [1e14, 31, '100000000000000'], [0.00001, 31, '0.00001'], [-1.5e-20, 31, '-1.5e-20'], [1.5, 3, '1.500']])('%s', (value, decimals, written) => {
    expect(doubleText(value, decimals)).toBe(written);
  });

  test('with six digits where there are four bytes', () => {
    expect([floatText(Math.fround(0.1), 31), floatText(Math.fround(1_234_567), 31), floatText(Math.fround(0.25), 1)]).toEqual(['0.1', '1234570', '0.3']);
  });
});

test('the keyword of each statement of a text', () => {
  expect(commandsOf("/* a; */ select ';' ; -- b;\n (SELECT 1); WITH a AS (SELECT 1) UPDATE t SET b = 1;;")).toEqual(['SELECT', 'SELECT', 'UPDATE']);
});
