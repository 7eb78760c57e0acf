import type { MongodbEvent } from '@deja/format';
import { expect, it } from 'vitest';
import { observedDocuments } from './documents.js';

function event(seq: number, command: object, reply: object): MongodbEvent {
  return { seq, kind: 'mongodb', server: 'mongodb', session: 1, database: 'shop', name: Object.keys(command)[0] ?? '', command: JSON.stringify(command), outcome: { ok: { reply: JSON.stringify(reply) } } };
}

it('documents are shown by collection, each state once, with the event that showed it', () => {
  const timeline = [
    event(1, { find: 'users' }, { cursor: { firstBatch: [{ _id: 1, name: 'Ann' }, { name: 'without a key' }] } }),
    event(2, { getMore: 5, collection: 'users' }, { cursor: { nextBatch: [{ _id: 1, name: 'Ann' }, { _id: 2, name: 'Bob' }] } }),
    event(3, { findAndModify: 'users' }, { value: { _id: 1, name: 'Anne' } }),
    event(4, { insert: 'log', documents: [{ _id: 9 }] }, { n: 1 }),
    event(5, { aggregate: 'users', pipeline: [] }, { cursor: { firstBatch: [{ _id: 'group', n: 2 }] } }),
    { ...event(6, { find: 'users' }, {}), outcome: { pending: {} } } as const,
  ];
  expect(observedDocuments(timeline)).toEqual({
    'shop.users': [
      { event: 1, how: 'returned', document: { _id: 1, name: 'Ann' } },
      { event: 2, how: 'returned', document: { _id: 2, name: 'Bob' } },
      { event: 3, how: 'returned', document: { _id: 1, name: 'Anne' } },
    ],
    'shop.log': [{ event: 4, how: 'inserted', document: { _id: 9 } }],
  });
});
