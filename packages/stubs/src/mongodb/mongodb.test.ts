import { connect } from 'node:net';
import { once } from 'node:events';
import { type Collection, Long, MongoClient, MongoServerError, ObjectId } from 'mongodb';
import { afterEach, describe, expect, it } from 'vitest';
import type { MongodbExchange, MongodbStubPlan } from '../plan.js';
import { portOf, startForTest, stopAfterTest } from '../testing/plan.js';

const clients: MongoClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close(true);
  await stopAfterTest();
});

const FIND = '{"find":"users","filter":{"_id":{"$numberInt":"1"}},"limit":{"$numberInt":"1"},"singleBatch":true}';

/** The first command of a transaction of the session `n`, and its end. */
const insertInto = (n: number): string => `{"insert":"log","documents":[{"_id":{"$numberInt":"1"}}],"ordered":true,"lsid":{"id":${n}},"startTransaction":true,"autocommit":false,"$readPreference":{"mode":"primaryPreferred"}}`;
const commitOf = (n: number): string => `{"commitTransaction":{"$numberInt":"1"},"lsid":{"id":${n}},"autocommit":false,"$readPreference":{"mode":"primaryPreferred"}}`;

function reply(...documents: readonly string[]): string {
  return `{"cursor":{"id":{"$numberLong":"0"},"ns":"shop.users","firstBatch":[${documents.join(',')}]},"ok":{"$numberDouble":"1.0"}}`;
}

function exchange(seq: number, command: string, answer: string | MongodbExchange['outcome'], part: Partial<MongodbExchange> = {}): MongodbExchange {
  const name = Object.keys(JSON.parse(command) as object)[0] ?? '';
  return { seq, repeat: false, session: 1, database: 'shop', name, command, outcome: typeof answer === 'string' ? { ok: { reply: answer } } : answer, ...part };
}

function plan(...exchanges: readonly MongodbExchange[]): MongodbStubPlan {
  return { name: 'mongodb', host: 'mongo.example', port: 27017, tls: false, exchanges };
}

function clientOf(port: number, path = '', options: object = {}): MongoClient {
  const client = new MongoClient(`mongodb://127.0.0.1:${port}/${path}`, { serverSelectionTimeoutMS: 1500, retryReads: false, retryWrites: false, ...options });
  clients.push(client);
  return client;
}

async function failureOf(asking: Promise<unknown>): Promise<unknown> {
  return await asking.then((value) => ({ value }), (error: unknown) => error);
}

describe('the stub of MongoDB', () => {
  it('answers what was recorded once, and once more only where it may repeat', async () => {
    const stubs = await startForTest({ mongodb: [plan(exchange(1, FIND, reply('{"_id":{"$numberInt":"1"},"n":{"$numberLong":"9007199254740993"}}')))] });
    const users = clientOf(portOf(stubs)).db('shop').collection<{ _id: number }>('users');
    expect(await users.findOne({ _id: 1 }, { promoteLongs: false })).toEqual({ _id: 1, n: Long.fromString('9007199254740993') });
    expect(await failureOf(users.findOne({ _id: 1 }))).toMatchObject({ code: 8599, codeName: 'DejaDivergence' });
    expect(stubs.divergences).toMatchObject([{ stub: 'mongodb mongodb', nearest: { seq: 1, difference: 'was recorded once and has been served as often' } }]);

    const again = await startForTest({ mongodb: [plan(exchange(1, FIND, reply('{}'), { repeat: true }))] });
    const repeated = clientOf(portOf(again)).db('shop').collection<{ _id: number }>('users');
    expect([await repeated.findOne({ _id: 1 }), await repeated.findOne({ _id: 1 })]).toEqual([{}, {}]);
  });

  it.each([
    ['another value', (users: Users) => users.findOne({ _id: 2 }), 'filter._id.$numberInt: "2" instead of "1"'],
    ['another type', (users: Users) => users.findOne({ _id: Long.fromNumber(1) }), 'filter._id.$numberInt: nothing instead of "1"'],
    ['another collection', (_: Users, db: Db) => db.collection<{ _id: number }>('people').findOne({ _id: 1 }), 'find: "people" instead of "users"'],
    ['a further field', (users: Users) => users.findOne({ _id: 1 }, { projection: { name: 1 } }), 'projection: {"name":{"$numberInt":"1"}} instead of nothing'],
    ['another command', (users: Users) => users.deleteOne({ _id: 1 }), 'command delete instead of find'],
    ['another database', (_: Users, _db: Db, client: MongoClient) => client.db('other').collection<{ _id: number }>('users').findOne({ _id: 1 }), 'database other instead of shop'],
  ] as const)('never answers %s', async (_, ask, difference) => {
    const stubs = await startForTest({ mongodb: [plan(exchange(7, FIND, reply('{}')))] });
    const client = clientOf(portOf(stubs));
    const error = await failureOf(ask(client.db('shop').collection<{ _id: number }>('users'), client.db('shop'), client));
    expect(error).toBeInstanceOf(MongoServerError);
    expect((error as Error).message).toMatch(/^DEJA divergence: not in the recording: /);
    expect(stubs.divergences).toMatchObject([{ nearest: { seq: 7, difference } }]);
  });

  it('fields in another order are another question', async () => {
    const stubs = await startForTest({ mongodb: [plan(exchange(1, '{"find":"users","filter":{},"sort":{"a":{"$numberInt":"1"},"b":{"$numberInt":"1"}}}', reply()))] });
    await failureOf(clientOf(portOf(stubs)).db('shop').collection('users').find({}).sort({ b: 1, a: 1 }).toArray());
    expect(stubs.divergences).toMatchObject([{ nearest: { difference: 'sort: its fields in another order' } }]);
  });

  it('a key that the application makes anew stands for the recorded one, in everything that comes later', async () => {
    const [then, now] = ['65f1a2b3c4d5e6f708192a3b', new ObjectId('6b048cbe0e6a1451c2dbcdfb')];
    const stubs = await startForTest({
      generated: [{ value: then, seq: 1 }],
      mongodb: [plan(
        exchange(1, `{"insert":"users","documents":[{"name":"Ann","_id":{"$oid":"${then}"}}],"ordered":true}`, '{"n":{"$numberInt":"1"},"ok":{"$numberDouble":"1.0"}}'),
        exchange(2, `{"find":"users","filter":{"_id":{"$oid":"${then}"}},"limit":{"$numberInt":"1"},"singleBatch":true}`, reply(`{"_id":{"$oid":"${then}"},"link":"/users/${then}"}`)),
      )],
    });
    const users = clientOf(portOf(stubs)).db('shop').collection('users');
    await users.insertOne({ name: 'Ann', _id: now });
    expect(await users.findOne({ _id: now })).toEqual({ _id: now, link: `/users/${now.toHexString()}` });
    expect(await failureOf(users.findOne({ _id: new ObjectId('6b048cbe0e6a1451c2dbcdfc') }))).toMatchObject({ code: 8599 });
  });

  it('commits the transaction that the session is in', async () => {
    const done = '{"n":{"$numberInt":"1"},"ok":{"$numberDouble":"1.0"}}';
    const refused: MongodbExchange['outcome'] = { error: { name: 'MongoServerError', message: 'gone', code: '251' }, partial: { reply: '{"ok":{"$numberDouble":"0.0"},"errmsg":"gone","code":{"$numberInt":"251"},"codeName":"NoSuchTransaction"}' } };
    const hello = '{"setName":"rs0","hosts":["HOST"],"primary":"HOST","me":"HOST","isWritablePrimary":true,"minWireVersion":{"$numberInt":"0"},"maxWireVersion":{"$numberInt":"21"},"logicalSessionTimeoutMinutes":{"$numberInt":"30"},"setVersion":{"$numberInt":"1"}}';
    const stubs = await startForTest({
      mongodb: [{ ...plan(exchange(1, insertInto(1), done), exchange(2, insertInto(2), done), exchange(3, commitOf(2), '{"ok":{"$numberDouble":"1.0"}}', { database: 'admin' }), exchange(4, commitOf(1), refused, { database: 'admin' })), hello: hello.replaceAll('HOST', '127.0.0.1:27017') }],
    });
    const client = clientOf(portOf(stubs), '?directConnection=true');
    const sessions = [client.startSession(), client.startSession()];
    for (const session of sessions) {
      session.startTransaction();
      await client.db('shop').collection<{ _id: number }>('log').insertOne({ _id: 1 }, { session });
    }
    expect(await failureOf(sessions[0]?.commitTransaction() ?? Promise.resolve())).toMatchObject({ code: 251, codeName: 'NoSuchTransaction' });
    await sessions[1]?.commitTransaction();
    expect(stubs.divergences).toEqual([]);
  });

  it('watches and sets up by the protocol alone', async () => {
    const stubs = await startForTest({ mongodb: [plan()] });
    const client = clientOf(portOf(stubs));
    expect(await client.db('admin').command({ ping: 1 })).toMatchObject({ ok: 1 });
    expect(await client.db('admin').command({ hello: 1 })).toMatchObject({ isWritablePrimary: true, maxWireVersion: 21 });
    expect(stubs.divergences).toEqual([]);
  });

  it.each([
    ['what is no message', Buffer.from('GET / HTTP/1.1\r\n\r\n'), 'a message cannot have'],
    ['a message without end', Buffer.from([255, 255, 255, 127, ...Buffer.alloc(12)]), 'a message cannot have 2147483647 bytes'],
    ['a kind that is none', Buffer.from([16, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 9, 0, 0]), 'a message of kind'],
    ['a document that is none', Buffer.concat([Buffer.from([28, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0xdd, 7, 0, 0]), Buffer.from([0, 0, 0, 0, 0, 7, 0, 0, 0, 9, 9, 0])]), 'a document that is none'],
  ])('ends the connection at %s, says so, and stays', async (_, bytes, note) => {
    const stubs = await startForTest({ mongodb: [plan()] });
    const socket = connect(portOf(stubs), '127.0.0.1', () => socket.write(bytes));
    socket.on('error', () => undefined);
    await once(socket, 'close');
    expect(stubs.notes.join('\n')).toContain(note);
    expect(await clientOf(portOf(stubs)).db('admin').command({ ping: 1 })).toMatchObject({ ok: 1 });
  });
});

type Db = ReturnType<MongoClient['db']>;
type Users = Collection<{ _id: number }>;
