import type { MongodbEvent } from '@deja/format';
import { expect, it } from 'vitest';
import { inRecordedOrder } from './at-once.js';

function find(seq: number, key: number, at: number, ms?: number): MongodbEvent {
  return { seq, kind: 'mongodb', server: 'mongodb', session: seq, database: 'shop', name: 'find', command: JSON.stringify({ find: 'users', filter: { key } }), at, ...(ms === undefined ? {} : { ms }), outcome: { pending: {} } };
}
const same = (one: unknown, other: unknown): boolean => (one as MongodbEvent).command === (other as MongodbEvent).command;
const keys = (events: readonly unknown[]): readonly unknown[] => events.map((event) => (JSON.parse((event as MongodbEvent).command) as { readonly filter: { readonly key: number } }).filter.key);

it('commands that were under way at once may change places', () => {
  expect(keys(inRecordedOrder([find(1, 3, 0), find(2, 2, 1)], [find(1, 2, 0, 100), find(2, 3, 1)], same))).toEqual([3, 2]);
});

it('a command that began when another had ended may not', () => {
  expect(keys(inRecordedOrder([find(1, 3, 0), find(2, 2, 1)], [find(1, 2, 0, 5), find(2, 3, 6)], same))).toEqual([2, 3]);
});

it('nor may one pass over what the recording does not know', () => {
  expect(keys(inRecordedOrder([find(1, 3, 0)], [find(1, 9, 0, 2), find(2, 3, 8)], same))).toEqual([9, 3]);
});
