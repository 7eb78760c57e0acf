/** What comes from load, other sessions, the network and the server's state: errors that no documents show. */
import { Decimal128, type MongoClient } from 'mongodb';
import { pause, WAIT_MS } from '../seen.ts';
import type { Scenario } from '../scenario.ts';
import type { MongodbDeed, MongodbFront } from '../run/mongodb-front.ts';
import { scenario, seenOf } from './mongodb-client.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A refusal, as the server words it. */
function refusal(code: number, codeName: string, errmsg: string, more: Fields = {}): MongodbDeed {
  return { reply: { ok: 0, errmsg, code, codeName, ...more } };
}

/** This happens to the first commands of this name, one after the other; later ones are answered. */
function to(name: string, ...deeds: readonly MongodbDeed[]): MongodbFront {
  return { meddle: (asked) => (asked.name === name ? deeds[asked.time - 1] : undefined) };
}

const SET = (address: string): Fields => ({ setName: 'rs0', setVersion: 1, secondary: false, hosts: [address], primary: address, me: address });

/** A replica set of one: it takes transactions, of which the server behind knows nothing. */
function replicaSet(meddle?: MongodbFront['meddle']): MongodbFront {
  return {
    hello: SET,
    meddle: (asked) => {
      const deed = meddle?.(asked);
      if (deed !== undefined) return deed;
      if (/^(?:commit|abort)Transaction$/.test(asked.name)) return { reply: { ok: 1 } };
      const { startTransaction: _start, autocommit: _auto, txnNumber: _number, readConcern: _concern, ...fields } = asked.fields;
      return '$db' in fields ? { pass: fields } : undefined;
    },
  };
}

const inSet = { path: '/?replicaSet=rs0' };

async function transfer(client: MongoClient, failing = false): Promise<unknown> {
  const session = client.startSession();
  const users = client.db('shop').collection<{ _id: number; age: number }>('users');
  try {
    let attempts = 0;
    const value = await session.withTransaction(async () => {
      attempts++;
      await users.updateOne({ _id: 1 }, { $inc: { age: -1 } }, { session });
      if (failing) throw new Error('changed my mind');
      return await users.updateOne({ _id: 2 }, { $inc: { age: 1 } }, { session });
    });
    return { attempts, value };
  } finally {
    await session.endSession();
  }
}

const CONFLICT = refusal(112, 'WriteConflict', 'Caused by :: Write conflict during plan execution and yielding is disabled. :: Please retry your operation or multi-document transaction.', { errorLabels: ['TransientTransactionError'] });

const transactions: readonly Scenario[] = [
  scenario('transaction: committed', (_db, client) => transfer(client), { ...inSet, front: replicaSet() }),
  scenario('transaction: aborted by the application', (_db, client) => transfer(client, true), { ...inSet, front: replicaSet() }),
  scenario('transaction: a conflict, and tried again', (_db, client) => transfer(client), { ...inSet, front: replicaSet(to('update', CONFLICT).meddle) }),
  scenario('transaction: a conflict, without trying again', async (db, client) => {
    const session = client.startSession();
    session.startTransaction();
    const seen = await seenOf(() => db.collection('users').updateOne({ name: 'Ann' }, { $inc: { age: 1 } }, { session }));
    await session.abortTransaction();
    await session.endSession();
    return seen;
  }, { ...inSet, front: replicaSet(to('update', CONFLICT).meddle) }),
  scenario('transaction: the commit is not known, and tried again', (_db, client) => transfer(client), { ...inSet, front: replicaSet(to('commitTransaction', refusal(189, 'PrimarySteppedDown', 'stepped down', { errorLabels: ['UnknownTransactionCommitResult'] })).meddle) }),
  scenario('transaction: given up by the server', (_db, client) => seenOf(() => transfer(client)), { ...inSet, front: replicaSet(to('commitTransaction', refusal(251, 'NoSuchTransaction', 'Transaction 1 has been aborted.')).meddle) }),
  scenario('transaction: the connection breaks at the commit', (_db, client) => transfer(client), { ...inSet, front: replicaSet(to('commitTransaction', { cut: 'rst' }).meddle) }),
  scenario('transaction: two at once', (_db, client) => Promise.all([transfer(client), transfer(client)]), { ...inSet, front: replicaSet() }),
  scenario('session: reads after its own writes', async (db, client) => {
    const session = client.startSession({ causalConsistency: true });
    await db.collection('users').insertOne({ name: 'Hal' }, { session });
    const found = await db.collection('users').countDocuments({ name: 'Hal' }, { session });
    await session.endSession();
    return found;
  }, { ...inSet, front: replicaSet() }),
];

const refusals: readonly Scenario[] = [
  scenario('refused: the time is over', (db) => db.collection('users').find({}, { maxTimeMS: 50 }).toArray(), { front: to('find', refusal(50, 'MaxTimeMSExpired', 'operation exceeded time limit')) }),
  scenario('refused: not allowed', (db) => db.collection('users').deleteMany({}), { front: to('delete', refusal(13, 'Unauthorized', 'not authorized on shop to execute command { delete: "users" }')) }),
  scenario('refused: no primary any more, and written again', (db) => db.collection<{ _id: number }>('users').insertOne({ _id: 50 }), { ...inSet, options: { retryWrites: true }, front: replicaSet(to('insert', refusal(10107, 'NotWritablePrimary', 'not primary', { errorLabels: ['RetryableWriteError'] })).meddle) }),
  scenario('refused: no primary any more', (db) => db.collection<{ _id: number }>('users').insertOne({ _id: 50 }), { ...inSet, front: replicaSet(to('insert', refusal(10107, 'NotWritablePrimary', 'not primary')).meddle) }),
  scenario('refused: shutting down, and read again', (db) => db.collection('users').countDocuments(), { ...inSet, options: { retryReads: true }, front: replicaSet(to('aggregate', refusal(91, 'ShutdownInProgress', 'The server is in quiesce mode and will shut down')).meddle) }),
  scenario('refused: the cursor is gone', (db) => db.collection('users').find({}, { batchSize: 2 }).toArray(), { front: to('getMore', refusal(43, 'CursorNotFound', 'cursor id 5 not found')) }),
  scenario('not confirmed: written, but not by as many', (db) => db.collection<{ _id: number }>('users').insertOne({ _id: 60 }, { writeConcern: { w: 3, wtimeoutMS: 10 } }), {
    front: to('insert', { reply: { ok: 1, n: 1, writeConcernError: { code: 64, codeName: 'WriteConcernTimeout', errmsg: 'waiting for replication timed out', errInfo: { wtimeout: true } } } }),
  }),
  scenario('refused: a document that breaks the rules', (db) => db.collection('users').insertOne({ name: 5 }), {
    front: to('insert', { reply: { ok: 1, n: 0, writeErrors: [{ index: 0, code: 121, errmsg: 'Document failed validation', errInfo: { failingDocumentId: 1, details: { operatorName: '$jsonSchema' } } }] } }),
  }),
  scenario('types: decimals', (db) => db.collection('prices').find({ at: Decimal128.fromString('1.50') }).toArray(), {
    front: to('find', { reply: { ok: 1, cursor: { id: 0, ns: 'shop.prices', firstBatch: [{ _id: 1, price: Decimal128.fromString('12345678901234567890.123456789') , none: Decimal128.fromString('NaN') }] } } }),
  }),
  scenario('not answered at all, on purpose', async (db) => {
    const done = await db.collection('log').insertOne({ n: 1 }, { writeConcern: { w: 0 } });
    return [done.acknowledged, await db.command({ ping: 1 })];
  }, { front: to('insert', { silent: true }) }),
];

const network: readonly Scenario[] = [
  scenario('network: reset at a question', (db) => db.collection('users').findOne({}), { front: to('find', { cut: 'rst' }) }),
  scenario('network: closed at a question', (db) => db.collection('users').findOne({}), { front: to('find', { cut: 'fin' }) }),
  scenario('network: reset, and read again', (db) => db.collection<{ _id: number }>('users').findOne({ _id: 3 }), { options: { retryReads: true }, front: to('find', { cut: 'rst' }) }),
  scenario('network: reset twice', (db) => db.collection<{ _id: number }>('users').findOne({ _id: 3 }), { options: { retryReads: true }, front: to('find', { cut: 'rst' }, { cut: 'rst' }) }),
  scenario('network: closed at a write, and written again', (db) => db.collection<{ _id: number }>('users').insertOne({ _id: 51 }), { ...inSet, options: { retryWrites: true }, front: replicaSet(to('insert', { cut: 'fin' }).meddle) }),
  scenario('network: reset in the middle of a cursor', (db) => db.collection('users').find({}, { batchSize: 2, sort: { _id: 1 } }).toArray(), { front: to('getMore', { cut: 'rst' }) }),
  scenario('network: no answer within the time of the socket', (db) => db.collection('users').findOne({}), { options: { socketTimeoutMS: WAIT_MS }, front: to('find', { silent: true }), timed: true }),
  scenario('network: an answer that takes its time', (db) => db.collection<{ _id: number }>('users').findOne({ _id: 1 }), { front: to('find', { waitMs: WAIT_MS }), timed: true }),
  scenario('network: given up by the application', (db) => db.collection('users').find({}, { signal: AbortSignal.timeout(WAIT_MS) }).toArray(), { front: to('find', { silent: true }) }),
  scenario('network: answers that overtake each other', async (db) => {
    const order: number[] = [];
    await Promise.all([1, 2, 3].map(async (_id) => db.collection<{ _id: number }>('users').findOne({ _id }).then(() => order.push(_id))));
    return order;
  }, { front: to('find', { waitMs: 250 }, { waitMs: 150 }, { waitMs: 50 }) }),
  scenario('pool: no connection within the time', async (db) => {
    const slow = seenOf(() => db.collection<{ _id: number }>('users').findOne({ _id: 1 }));
    await pause(100);
    return [await seenOf(() => db.collection<{ _id: number }>('users').findOne({ _id: 2 })), await slow];
  }, { options: { maxPoolSize: 1, waitQueueTimeoutMS: 200 }, front: to('find', { waitMs: 800 }) }),
  scenario('pool: five questions over two connections', (db) => Promise.all([1, 2, 3, 4, 5].map(async (_id) => db.collection<{ _id: number }>('users').findOne({ _id }))), { options: { maxPoolSize: 2 }, front: to('find', { waitMs: 100 }, { waitMs: 30 }) }),
  scenario('pool: cleared by a lost connection', async (db) => {
    const seen = await Promise.all([1, 2].map((_id) => seenOf(async () => db.collection<{ _id: number }>('users').findOne({ _id }))));
    return [seen, await db.collection<{ _id: number }>('users').findOne({ _id: 3 })];
  }, { options: { maxPoolSize: 1 }, front: to('find', { cut: 'rst' }) }),
  scenario('selection: nothing listens', (db) => db.collection('users').findOne({}), { options: { serverSelectionTimeoutMS: 700 }, serve: ({ closed }) => closed() }),
  scenario('selection: nothing answers', (db) => db.collection('users').findOne({}), { options: { serverSelectionTimeoutMS: 700, connectTimeoutMS: 300 }, serve: ({ silent }) => silent() }),
  scenario('selection: a name that is none', (db) => db.collection('users').findOne({}), { options: { serverSelectionTimeoutMS: 700 }, serve: ({ nameless }) => nameless() }),
  scenario('selection: another set than wanted', (db) => db.collection('users').findOne({}), { path: '/?replicaSet=other', options: { serverSelectionTimeoutMS: 700 }, front: replicaSet() }),
  scenario('selection: no primary', (db) => db.collection('users').findOne({}), {
    ...inSet, options: { serverSelectionTimeoutMS: 700 },
    front: { hello: (address) => ({ ...SET(address), primary: undefined, isWritablePrimary: false, ismaster: false, secondary: true }) },
  }),
];

export const circumstances: readonly Scenario[] = [...transactions, ...refusals, ...network];
