import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testMongodb, withoutMongodb, type TestMongodb } from '../../support/mongodb.ts';
import { npmFolder } from '../../support/npm-folder.ts';
import { observe, type Observation, type Observed } from '../../support/observed-app.ts';

const MONGODB = { 'drivers/mongodb/index.js': 'mongodb' };
const missing = withoutMongodb();

const APP = `
  const say = (...all) => console.log(JSON.stringify(all));
  async function main() {
    const client = new MongoClient(process.env.URL, { maxPoolSize: 1, retryReads: false, retryWrites: false });
    const users = client.db('shop').collection('users');
    await users.deleteMany({});
    // Three requests share one connection, which is handed from one to the next.
    await Promise.all([1, 2, 3].map((n) => inRequest(n, async () => {
      await users.insertOne({ _id: n, n, big: Long.fromString('9007199254740993'), at: new Date(0), raw: new Binary(Buffer.from([0, 255])), password: 'geheim', deep: { password: ['geheim', 5] } });
      say(n, (await users.find({ n: { $lte: n } }, { batchSize: 1, sort: { n: 1 } }).toArray()).map(({ _id }) => _id));
    })));
    await inRequest(4, () => users.insertOne({ _id: 1 })).catch((error) => say(error.code, error.message));
    await inRequest(5, () => client.db('shop').command({ fly: 1 })).catch((error) => say(error.code, error.message));
    const inMany = { _id: 9, text: 'before' };
    await users.insertOne(inMany);
    inMany.text = 'changed by the application afterwards';
    await client.close();
    const nobody = new MongoClient('mongodb://127.0.0.1:1/', { serverSelectionTimeoutMS: 200 });
    await nobody.db('shop').command({ ping: 1 }).catch((error) => say(error.name, error.message));
    await nobody.close();
  }
  main().catch((error) => { console.error('main failed', error); process.exit(1); });
`;
const SOURCES = [
  ['cjs', `const { Binary, Long, MongoClient } = require('mongodb'); ${APP}`],
  ['esm', `import { Binary, Long, MongoClient } from 'mongodb'; ${APP}`],
] as const;

describe.skipIf(missing !== '')(`MongoDB${missing}`, () => {
  let server: TestMongodb;
  beforeAll(async () => void (server = await testMongodb()));
  afterAll(async () => await server[Symbol.asyncDispose]());

  describe.each(['mongodb@5.2', 'mongodb@5', 'mongodb@6.0', 'mongodb@6.4', 'mongodb@6', 'mongodb@7'])('%s', (name) => {
    const made = npmFolder([name]);
    if ('missing' in made) {
      test.skip(`all of it (${made.missing})`, () => {});
      return;
    }
    describe.each(SOURCES)('%s', (type, source) => {
      let plain: Observation;
      let seen: Observation;
      beforeAll(async () => {
        const env = { URL: `mongodb://127.0.0.1:${server.port}/` };
        plain = await observe({ source, type, instrument: {}, env, packages: made.folder });
        seen = await observe({ source, type, instrument: MONGODB, env, packages: made.folder });
      });

      test('the application sees what it sees without capture', () => {
        expect(plain.stdout).toContain('MongoServerSelectionError');
        expect([seen.stdout, seen.code]).toEqual([plain.stdout, 0]);
      });

      test('every command with its reply, in the request whose work it was', () => {
        for (const n of [1, 2, 3]) expect(commands(seen, n).map(({ name }) => name).filter((name) => name !== 'getMore')).toEqual(['insert', 'find']);
        expect(commands(seen, 3).filter(({ name }) => name === 'getMore').length).toBeGreaterThan(0);
        const [insert, find] = commands(seen, 2);
        expect(JSON.parse(insert?.command ?? '')).toMatchObject({
          insert: 'users',
          documents: [{ _id: { $numberInt: '2' }, big: { $numberLong: '9007199254740993' }, at: { $date: { $numberLong: '0' } }, raw: { $binary: { base64: 'AP8=', subType: '00' } }, password: '<password>', deep: { password: ['<password>', { $numberInt: '5' }] } }],
        });
        expect(find).toMatchObject({ database: 'shop', server: 'n1', outcome: { ok: {} } });
        expect(new Set([1, 2, 3].flatMap((n) => commands(seen, n).map(({ session }) => session)))).toHaveProperty('size', 1);
      });

      test('what the server refused, and what it refused of a write', () => {
        const [insert] = commands(seen, 4);
        expect(insert?.outcome).toMatchObject({ ok: { reply: expect.stringContaining('"writeErrors":[{"index":{"$numberInt":"0"},"code":{"$numberInt":"11000"}') as string } });
        const [fly] = commands(seen, 5);
        expect(fly?.outcome).toMatchObject({ error: { name: 'MongoServerError', code: '59', fields: { codeName: 'CommandNotFound' } }, partial: { reply: expect.stringContaining('"ok":') as string } });
      });

      test('as it was sent, whatever became of the objects since', () => {
        expect(seen.events.some((event) => event.kind === 'mongodb' && event.command.includes('"text":"before"'))).toBe(true);
      });

      test('servers, what they say of themselves, and connections that were not made', () => {
        expect(seen.servers).toContainEqual(expect.objectContaining({ kind: 'mongodb', host: '127.0.0.1', port: server.port, tls: false, hello: expect.stringContaining('"maxWireVersion"') as string }));
        expect(seen.events.find((event) => event.kind === 'socket')).toMatchObject({ host: '127.0.0.1', port: 1, request: null, outcome: { error: { phase: 'connect' } } });
        expect(seen.events.filter((event) => event.kind === 'mongodb' && /hello|isMaster|endSessions/i.test(event.name))).toEqual([]);
      });
    });
  });
});

function commands({ events }: Observation, request: number): readonly Observed<'mongodb'>[] {
  return events.filter((event): event is Observed<'mongodb'> => event.kind === 'mongodb' && event.request === request);
}
