/** What users of the driver `mongodb` see: documents of every type, cursors, bulks, errors of the server and of the way there. */
import { Binary, BSONRegExp, Double, Int32, Long, MaxKey, MinKey, ObjectId, Timestamp } from 'mongodb';
import { pause } from '../seen.ts';
import type { Scenario } from '../scenario.ts';
import { type Ask, scenario, seenOf, shown, USERS, type Wanted } from './mongodb-client.ts';
import { circumstances } from './mongodb-circumstances.ts';

const plain = (name: string, ask: Ask, wanted?: Wanted): Scenario => scenario(name, ask, wanted);

const crud: readonly Scenario[] = [
  plain('insert: a document with a key', (db) => db.collection<{ _id: number }>('users').insertOne({ _id: 10 })),
  plain('insert: a document without a key, and found by the one it was given', async (db) => {
    const { insertedId } = await db.collection('users').insertOne({ name: 'Fay' });
    return [insertedId, await db.collection('users').findOne({ _id: insertedId })];
  }),
  plain('insert: several, whose keys refer to each other', async (db) => {
    const [parent, child] = [new ObjectId(), new ObjectId()];
    await db.collection('nodes').insertMany([{ _id: parent, child }, { _id: child, parent }]);
    return [parent, child, await db.collection('nodes').find({ parent }).toArray()];
  }),
  plain('insert: a time of now', async (db) => {
    await db.collection<{ _id: number; at: Date }>('log').insertOne({ _id: 1, at: new Date() });
    return Object.keys((await db.collection('log').findOne({})) ?? {});
  }),
  plain('insert: a document with invalid keys', (db) => db.collection('users').insertOne({ $set: 1 })),
  plain('find: by key', (db) => db.collection<{ _id: number }>('users').findOne({ _id: 2 })),
  plain('find: nothing', (db) => db.collection('users').findOne({ name: 'Zoe' })),
  plain('find: in an order, from the second on, two of them, some fields', (db) => db.collection('users').find({ age: { $gte: 25 } }).sort({ age: 1, name: -1 }).skip(1).limit(2).project({ name: 1, _id: 0 }).toArray()),
  plain('find: by operators', (db) => db.collection('users').find({ $or: [{ tags: 'b' }, { age: { $in: [47] } }], name: { $regex: '^[A-D]', $options: 'i' } }).toArray()),
  plain('find: in a collection that does not exist', (db) => db.collection('nobody').find({}).toArray()),
  plain('find: by an operator that does not exist', (db) => db.collection('users').find({ age: { $nearly: 30 } }).toArray()),
  plain('update: one', (db) => db.collection('users').updateOne({ name: 'Ann' }, { $set: { age: 32 }, $push: { tags: 'z' } as never, $inc: { visits: 1 } })),
  plain('update: many, and the documents then', async (db) => [await db.collection('users').updateMany({ age: 25 }, { $inc: { age: 1 } }), await db.collection('users').find({ age: 26 }).toArray()]),
  plain('update: none', (db) => db.collection('users').updateOne({ name: 'Zoe' }, { $set: { age: 1 } })),
  plain('update: inserts', async (db) => [await db.collection<{ _id: number; name: string }>('users').updateOne({ _id: 77 }, { $set: { name: 'Gil' } }, { upsert: true }), await db.collection('users').countDocuments()]),
  plain('update: of a kind that cannot be', (db) => db.collection('users').updateOne({ name: 'Ann' }, { $inc: { name: 1 } })),
  plain('replace', async (db) => [await db.collection('users').replaceOne({ name: 'Bob' }, { name: 'Rob' }), await db.collection('users').findOne({ name: 'Rob' })]),
  plain('find and update: before and after', async (db) => {
    const users = db.collection('users');
    return [await users.findOneAndUpdate({ name: 'Ann' }, { $inc: { age: 1 } }), await users.findOneAndUpdate({ name: 'Ann' }, { $inc: { age: 1 } }, { returnDocument: 'after' })];
  }),
  plain('find and delete: one, and nothing', async (db) => [await db.collection('users').findOneAndDelete({ name: 'Dan' }), await db.collection('users').findOneAndDelete({ name: 'Dan' })]),
  plain('delete: one and many', async (db) => [await db.collection('users').deleteOne({ name: 'Eve' }), await db.collection('users').deleteMany({ age: 31 })]),
  plain('count and distinct', async (db) => [await db.collection('users').countDocuments({ age: 25 }), await db.collection('users').estimatedDocumentCount(), await db.collection('users').distinct('age')]),
];

const cursors: readonly Scenario[] = [
  plain('cursor: in batches of two', (db) => db.collection('users').find({}).sort({ _id: 1 }).batchSize(2).toArray()),
  plain('cursor: left after the first document', async (db) => {
    for await (const one of db.collection('users').find({}, { batchSize: 2, sort: { _id: 1 } })) return one;
    return null;
  }),
  plain('cursor: two at once, in turns', async (db) => {
    const [up, down] = [1, -1].map((order) => db.collection('users').find({}, { batchSize: 1, sort: { _id: order as 1 | -1 } }));
    const seen: unknown[] = [];
    for (let index = 0; index < 4; index++) seen.push(await up?.next(), await down?.next());
    return seen;
  }),
  plain('cursor: as a stream', async (db) => {
    const names: unknown[] = [];
    for await (const one of db.collection('users').find({}, { batchSize: 2, sort: { _id: 1 } }).stream()) names.push((one as { readonly name: string }).name);
    return names;
  }),
  plain('cursor: the application fails in the middle', async (db) => {
    for await (const { tags } of db.collection('users').find({}, { batchSize: 1, sort: { _id: 1 } })) if ((tags as string[]).length === 0) throw new TypeError('no tags');
  }),
  plain('cursor: counted and gone through again', async (db) => {
    const cursor = db.collection('users').find({ age: 25 });
    const first = await cursor.toArray();
    cursor.rewind();
    return [first.length, await cursor.hasNext(), await cursor.next()];
  }),
];

const bulks: readonly Scenario[] = [
  plain('bulk: all kinds in their order', (db) =>
    db.collection<{ _id: number; name?: string }>('users').bulkWrite([
      { insertOne: { document: { _id: 20 } } }, { updateOne: { filter: { _id: 1 }, update: { $set: { name: 'Anne' } } } }, { deleteOne: { filter: { _id: 2 } } },
      { replaceOne: { filter: { _id: 3 }, replacement: { name: 'C' } } }, { updateOne: { filter: { _id: 30 }, update: { $set: { name: 'new' } }, upsert: true } },
    ])),
  plain('bulk: a key twice, in order', (db) => db.collection<{ _id: number }>('users').insertMany([{ _id: 6 }, { _id: 1 }, { _id: 7 }])),
  plain('bulk: a key twice, in no order', async (db) => [await seenOf(() => db.collection<{ _id: number }>('users').insertMany([{ _id: 1 }, { _id: 6 }, { _id: 2 }, { _id: 7 }], { ordered: false })), await db.collection('users').countDocuments()]),
  plain('bulk: two hundred documents with keys of their own', async (db) => {
    const { insertedCount } = await db.collection('many').insertMany(Array.from({ length: 200 }, (_, n) => ({ n, text: 'x'.repeat(n) })));
    return [insertedCount, await db.collection('many').find({ n: { $lt: 150 } }, { sort: { n: 1 }, projection: { n: 1, _id: 0 } }).toArray()];
  }),
  plain('bulk: nothing', (db) => db.collection('users').bulkWrite([])),
];

const aggregations: readonly Scenario[] = [
  plain('aggregate: groups', (db) => db.collection('users').aggregate([{ $match: { age: { $lt: 47 } } }, { $group: { _id: '$age', n: { $sum: 1 } } }, { $sort: { _id: 1 } }]).toArray()),
  plain('aggregate: unwound and projected', (db) => db.collection('users').aggregate([{ $unwind: '$tags' }, { $sort: { _id: 1, tags: 1 } }, { $project: { tags: 1, _id: 0 } }, { $limit: 3 }]).toArray()),
  plain('aggregate: counted', (db) => db.collection('users').aggregate([{ $match: { age: 31 } }, { $count: 'n' }]).toArray()),
  plain('aggregate: in batches', (db) => db.collection('users').aggregate([{ $sort: { _id: -1 } }], { batchSize: 2 }).toArray()),
  plain('aggregate: a stage that does not exist', (db) => db.collection('users').aggregate([{ $dance: {} }]).toArray()),
];

const TYPED = {
  _id: 1, int: new Int32(7), whole: new Double(7), double: 0.1, negative: new Double(-0), infinite: Number.POSITIVE_INFINITY, long: Long.fromString('9007199254740993'), text: 'Größe ☃ 𝄞 "q" \\', empty: '',
  yes: true, no: null, at: new Date('2020-02-29T12:34:56.789Z'), early: new Date(-1), id: new ObjectId('65f0c0ffee00000000000001'), bytes: new Binary(Buffer.from([0, 255, 1])),
  uuid: new Binary(Buffer.alloc(16, 7), 4), pattern: new BSONRegExp('^a.*$', 'i'), stamp: new Timestamp({ t: 5, i: 6 }), list: [1, [2, []], { a: { b: {} } }], '10': 'ten', '9': 'nine', nested: { '2': 1, '1': 2, z: 3, a: 4 },
};

const types: readonly Scenario[] = [
  scenario('types: as JavaScript has them', async (db) => {
    await db.collection<{ _id: number }>('typed').insertOne(TYPED);
    return await db.collection('typed').findOne({});
  }),
  scenario('types: as they are', async (db) => {
    await db.collection<{ _id: number }>('typed').insertOne(TYPED);
    return await db.collection('typed').findOne({}, { promoteValues: false, bsonRegExp: true });
  }),
  scenario('types: long numbers as bigint', async (db) => {
    await db.collection<{ _id: number; n: Long }>('typed').insertOne({ _id: 1, n: Long.fromString('-9223372036854775808') });
    const found = await db.collection('typed').findOne({}, { useBigInt64: true });
    return String(found?.['n']);
  }),
  scenario('types: the order of fields', async (db) => {
    await db.collection('typed').insertOne({ z: 1, a: 2, m: { y: 1, b: 2 } });
    return Object.keys((await db.collection('typed').findOne({}, { projection: { _id: 0 } })) ?? {});
  }),
  scenario('types: keys at both ends', (db) => db.collection<{ _id: number; key: MinKey | MaxKey }>('typed').insertMany([{ _id: 1, key: new MinKey() }, { _id: 2, key: new MaxKey() }])),
  scenario('types: a document of a megabyte', async (db) => {
    await db.collection<{ _id: number; text: string }>('typed').insertOne({ _id: 1, text: 'x'.repeat(1_000_000) });
    return (await db.collection('typed').findOne({}))?.['text'].length;
  }),
];

const administration: readonly Scenario[] = [
  plain('server: ping and version', async (db) => [await db.command({ ping: 1 }), (await db.admin().command({ buildInfo: 1 }))['version']]),
  plain('collections: made, listed, dropped', async (db) => {
    await db.createCollection('made');
    return [(await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name), await db.collection('made').drop(), await db.dropDatabase()];
  }),
  plain('indexes: made and listed', async (db) => [await db.collection('users').createIndex({ age: 1, name: -1 }), await db.collection('users').indexes()]),
  plain('duplicate key', (db) => db.collection<{ _id: number }>('users').insertOne({ _id: 1 })),
  plain('duplicate key of an index', async (db) => {
    await db.collection('users').createIndex({ email: 1 }, { unique: true });
    return [await seenOf(() => db.collection('users').insertOne({ email: USERS[0]?.email })), await seenOf(() => db.collection('users').updateOne({ name: 'Bob' }, { $set: { email: USERS[0]?.email } }))];
  }),
  plain('a command that does not exist', (db) => db.command({ fly: 1, to: 'the moon' })),
  plain('a command that is too short of fields', (db) => db.command({ insert: 'users' })),
  plain('commands at once, each with its own answer', async (db) =>
    Promise.all([1, 2, 3, 4, 5].map(async (_id) => shown(await db.collection<{ _id: number }>('users').findOne({ _id }))))),
  plain('the same question twice, with a change in between', async (db) => {
    const count = async (): Promise<number> => db.collection('users').countDocuments({ age: 99 });
    const before = await count();
    await db.collection('users').updateOne({ name: 'Ann' }, { $set: { age: 99 } });
    await pause(20);
    return [before, await count()];
  }),
];

export const scenarios: readonly Scenario[] = [...crud, ...cursors, ...bulks, ...aggregations, ...types, ...administration, ...circumstances];
