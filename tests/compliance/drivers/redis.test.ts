import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../support/free-port.ts';
import { nodeOfMajor, npmFolder } from '../../support/npm-folder.ts';
import { observe, type Observation, type Observed } from '../../support/observed-app.ts';
import { testRedis } from '../../support/redis.ts';
import { testRedisCluster, testRedisSentinel } from '../../support/redis-cluster.ts';

const IOREDIS = { 'drivers/redis/ioredis.js': 'ioredis' };
const NODE_REDIS = { 'drivers/redis/node-redis.js': 'nodeRedis' };

const server = await testRedis();
const silent = createServer(() => {});
await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
afterAll(async () => {
  silent.close();
  if ('port' in server) await server[Symbol.asyncDispose]();
});

const env = {
  PORT: 'port' in server ? String(server.port) : '0',
  SILENT: String((silent.address() as AddressInfo).port),
  CLOSED: String(await freePort()),
};

const redis = (seen: Observation): Observed<'redis'>[] => seen.events.filter((event): event is Observed<'redis'> => event.kind === 'redis');
const words = (command: Observed<'redis'>['command']): string => command.map((part) => (typeof part === 'string' ? part : '<bytes>')).join(' ');
const HANDSHAKE = /^(hello|info|client|auth|select|quit)\b/i;
const commands = (seen: Observation): readonly (readonly [string, unknown])[] =>
  redis(seen).map((event) => [words(event.command), event.outcome] as const).filter(([text]) => !HANDSHAKE.test(text));

const COMMON = `
  const say = (...parts) => console.log(JSON.stringify(parts));
  const show = (error) => [error.name, error.message, error.code];
`;

const IOREDIS_APP = `${COMMON}
  async function main() {
    const redis = new Redis({ port: Number(process.env.PORT), host: '127.0.0.1', keyPrefix: 'shop:' });
    await redis.flushall();
    say(await redis.set('user:47', 'Ann'), await redis.get('user:47'), await redis.get('none'), await redis.incr('n'));
    say(await redis.set('bytes', Buffer.from([0xff, 0x00])), (await redis.getBuffer('bytes')).toString('hex'));
    say(await redis.hset('h', { name: 'Ann', password: 'hunter2' }), await redis.hgetall('h'));
    await redis.lpush('user:47', 1).catch((error) => say('wrong type', show(error)));
    say(await redis.pipeline().set('a', 1).get('a').exec());
    say(await redis.multi().incr('a').lpush('a', 1).exec().catch(show));
    redis.get('user:47', (error, value) => say('callback', error, value));
    await inRequest(1, () => redis.get('a'));
    await redis.quit();
    await redis.get('a').catch((error) => say('closed', show(error)));
    const slow = new Redis({ port: Number(process.env.SILENT), host: '127.0.0.1', commandTimeout: 60, enableReadyCheck: false, retryStrategy: null });
    slow.on('error', () => {});
    await slow.get('a').catch((error) => say('slow', show(error)));
    slow.disconnect();
    const refused = new Redis({ port: Number(process.env.CLOSED), host: '127.0.0.1', retryStrategy: null });
    refused.on('error', (error) => say('refused', error.code));
    await refused.get('a').catch((error) => say('refused get', show(error)));
    const hanging = new Redis({ port: Number(process.env.PORT), host: '127.0.0.1' });
    await hanging.ping();
    hanging.blpop('nothing', 30).catch(() => {});
    setTimeout(() => process.exit(0), 40);
  }
  main().catch((error) => { console.error('main failed', error); process.exit(1); });
`;
const commandsAt = (seen: Observation, port: number): readonly string[] => {
  const name = seen.servers.find((one) => one.port === port)?.name;
  return redis(seen).filter((event) => event.server === name).map((event) => words(event.command)).filter((text) => /^(get|set|asking|sentinel|cluster)/i.test(text));
};

/** A subscriber, and what it was sent; the connection of the subscriber is killed in the middle. */
const SUBSCRIBED = `
    await subscribe('news', 'n.*');
    await publisher.publish('news', 'one');
    await publisher.publish('n.a', 'two');
    await settled(2);
    await kill();
    await settled(2, 300);
    await publisher.publish('news', 'three');
    await settled(3);
    say(heard);
    setTimeout(() => process.exit(0), 40);
`;
const SUBSCRIBER = `${COMMON}
  const heard = [];
  const hear = (...parts) => heard.push(parts.join(' '));
  const settled = async (count, ms = 0) => {
    await new Promise((done) => setTimeout(done, ms));
    while (heard.length < count) await new Promise((done) => setTimeout(done, 5));
  };
`;
const IOREDIS_SUBSCRIBER = `${SUBSCRIBER}
  async function main() {
    const options = { port: Number(process.env.PORT), host: '127.0.0.1', retryStrategy: () => 10 };
    const [subscriber, publisher] = [new Redis(options), new Redis(options)];
    subscriber.on('error', () => {}).on('message', hear).on('pmessage', hear);
    const subscribe = async (channel, pattern) => { await subscriber.subscribe(channel); await subscriber.psubscribe(pattern); };
    const kill = () => publisher.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    ${SUBSCRIBED}
  }
  main();
`;
const NODE_REDIS_SUBSCRIBER = `${SUBSCRIBER}
  async function main() {
    const options = { socket: { port: Number(process.env.PORT), host: '127.0.0.1', reconnectStrategy: () => 10 } };
    const [subscriber, publisher] = [createClient(options), createClient(options)];
    subscriber.on('error', () => {});
    await Promise.all([subscriber.connect(), publisher.connect()]);
    const subscribe = async (channel, pattern) => {
      await subscriber.subscribe(channel, (message, from) => hear(from, message));
      await subscriber.pSubscribe(pattern, (message, from) => hear(pattern, from, message));
    };
    const kill = () => publisher.sendCommand(['CLIENT', 'KILL', 'TYPE', 'pubsub']);
    ${SUBSCRIBED}
  }
  main();
`;
const pushes = (seen: Observation): unknown => redis(seen).filter(({ push }) => push).map(({ command, outcome }) => [words(command), 'ok' in outcome ? outcome.ok : 'ended']);
const PUSHED = [['message news', { bulk: 'one' }], ['pmessage n.* n.a', { bulk: 'two' }], ['close', 'ended'], ['message news', { bulk: 'three' }]];
const subscriptions = (seen: Observation): readonly string[] => redis(seen).map(({ command }) => words(command).toLowerCase()).filter((text) => /^p?subscribe /.test(text));

const ioredisSource = (type: 'esm' | 'cjs', body: string): string => (type === 'esm' ? `import { Redis } from 'ioredis'; ${body}` : `const { Redis } = require('ioredis'); ${body}`);

const NODE_REDIS_APP = `${COMMON}
  async function main() {
    const socket = { host: '127.0.0.1', port: Number(process.env.PORT) };
    const client = createClient({ socket });
    await client.connect();
    await client.flushAll();
    say(await client.set('user:47', 'Ann'), await client.get('user:47'), await client.get('none'), await client.incr('n'));
    say(await client.hSet('h', { name: 'Ann', password: 'hunter2' }), await client.hGetAll('h'));
    await client.lPush('user:47', '1').catch((error) => say('wrong type', show(error)));
    say(await client.sendCommand(['ECHO', 'raw']));
    say(await client.multi().set('a', '1').incr('a').exec());
    await inRequest(1, () => client.get('a'));
    const unhandled = new Promise((done) => process.once('unhandledRejection', (error) => { say('unhandled', show(error)); done(); }));
    client.lPush('user:47', '2');
    await unhandled;
    const refused = createClient({ socket: { host: '127.0.0.1', port: Number(process.env.CLOSED), reconnectStrategy: false } });
    refused.on('error', () => {});
    await refused.connect().catch((error) => say('refused', error.code));
    await client.get.call(createClient({ socket }), 'a').catch((error) => say('never opened', show(error)));
    const lost = createClient({ socket: { ...socket, reconnectStrategy: false } });
    lost.on('error', () => {});
    await lost.connect();
    const id = await lost.sendCommand(['CLIENT', 'ID']);
    const waiting = lost.sendCommand(['BLPOP', 'nothing', '30']).catch((error) => say('lost', show(error)));
    await new Promise((done) => setTimeout(done, 30));
    await client.sendCommand(['CLIENT', 'KILL', 'ID', String(id)]);
    await waiting;
    client.sendCommand(['BLPOP', 'nothing', '30']).catch(() => {});
    setTimeout(() => process.exit(0), 40);
  }
  main().catch((error) => { console.error('main failed', error); process.exit(1); });
`;
const nodeRedisSource = (type: 'esm' | 'cjs', body: string): string => (type === 'esm' ? `import { createClient } from 'redis'; ${body}` : `const { createClient } = require('redis'); ${body}`);

describe.skipIf('missing' in server)(`redis-server${'missing' in server ? ` (${server.missing})` : ''}`, () => {
  describe.each(['ioredis@5', 'ioredis@6'])('%s', (name) => {
    const made = npmFolder([name]);
    if ('missing' in made) {
      test.skip(`all of it (${made.missing})`, () => {});
      return;
    }
    let plain: Observation;
    let seen: Observation;
    beforeAll(async () => {
      plain = await observe({ source: ioredisSource('cjs', IOREDIS_APP), type: 'cjs', instrument: {}, env, packages: made.folder });
      seen = await observe({ source: ioredisSource('cjs', IOREDIS_APP), type: 'cjs', instrument: IOREDIS, env, packages: made.folder });
    });
    test('the application sees what it sees without capture', () => {
      expect(plain.stdout).toContain('"refused get"');
      expect([seen.stdout, seen.stderr, seen.code]).toEqual([plain.stdout, plain.stderr, 0]);
    });

    test('every command with its reply', () => {
      expect(commands(seen)).toEqual(
        expect.arrayContaining([
          ['set shop:user:47 Ann', { ok: { simple: 'OK' } }],
          ['get shop:user:47', { ok: { bulk: 'Ann' } }],
          ['get shop:none', { ok: { null: true } }],
          ['incr shop:n', { ok: { integer: '1' } }],
          ['get shop:bytes', { ok: { base64: '/wA=' } }],
          ['hset shop:h name Ann password <password>', { ok: { integer: '2' } }],
          ['hgetall shop:h', { ok: { array: [{ bulk: 'name' }, { bulk: 'Ann' }, { bulk: 'password' }, { bulk: '<password>' }] } }],
          ['lpush shop:user:47 1', { error: { name: 'ReplyError', code: 'WRONGTYPE', message: 'WRONGTYPE Operation against a key holding the wrong kind of value' } }],
          ['multi', { ok: { simple: 'OK' } }],
          ['incr shop:a', { ok: { simple: 'QUEUED' } }],
          ['exec', { ok: { array: [{ integer: '2' }, { error: 'WRONGTYPE Operation against a key holding the wrong kind of value' }] } }],
          ['get a', { error: { name: 'Error', message: 'Command timed out', phase: 'connect' } }],
          ['get a', { error: { name: 'Error', message: 'Connection is closed.', phase: 'connect' } }],
          ['blpop nothing 30', { pending: {} }],
        ]),
      );
      expect(redis(seen).find((event) => event.request === 1)?.command).toEqual(['get', 'shop:a']);
    });

    test('subscriptions, published messages and the end of a connection that waited for them', async () => {
      const heard = await observe({ source: ioredisSource('cjs', IOREDIS_SUBSCRIBER), type: 'cjs', instrument: IOREDIS, env, packages: made.folder });
      expect([heard.stdout, heard.stderr]).toEqual(['[["news one","n.* n.a two","news three"]]\n', '']);
      expect(pushes(heard)).toEqual(PUSHED);
      expect(subscriptions(heard)).toEqual(['subscribe news', 'psubscribe n.*', 'subscribe news', 'psubscribe n.*']);
    });

    test('servers, and connections that were not made', () => {
      expect(seen.servers).toContainEqual({ name: 'n1', kind: 'redis', host: '127.0.0.1', port: Number(env.PORT), tls: false, version: expect.stringMatching(/^\d+\./) as string });
      expect(seen.events.filter((event) => event.kind === 'socket')).toMatchObject([{ host: '127.0.0.1', port: Number(env.CLOSED), outcome: { error: { code: 'ECONNREFUSED', phase: 'connect' } } }]);
    });
  });
  describe.each(['redis@4', 'redis@5', 'redis@6'])('%s', (name) => {
    const made = npmFolder([name]);
    if ('missing' in made) {
      test.skip(`all of it (${made.missing})`, () => {});
      return;
    }
    let plain: Observation;
    let seen: Observation;
    beforeAll(async () => {
      plain = await observe({ source: nodeRedisSource('cjs', NODE_REDIS_APP), type: 'cjs', instrument: {}, env, packages: made.folder });
      seen = await observe({ source: nodeRedisSource('cjs', NODE_REDIS_APP), type: 'cjs', instrument: NODE_REDIS, env, packages: made.folder });
    });
    test('the application sees what it sees without capture, rejections that nobody handles among it', () => {
      expect(plain.stdout).toContain('"unhandled"');
      expect([seen.stdout, seen.stderr, seen.code]).toEqual([plain.stdout, plain.stderr, 0]);
    });

    test('every command with its reply', () => {
      const fields = name === 'redis@6' ? { map: [[{ bulk: 'name' }, { bulk: 'Ann' }], [{ bulk: 'password' }, { bulk: '<password>' }]] } : { array: [{ bulk: 'name' }, { bulk: 'Ann' }, { bulk: 'password' }, { bulk: '<password>' }] };
      expect(commands(seen)).toEqual(
        expect.arrayContaining([
          ['SET user:47 Ann', { ok: { simple: 'OK' } }],
          ['GET user:47', { ok: { bulk: 'Ann' } }],
          ['GET none', { ok: { null: true } }],
          ['INCR n', { ok: { integer: '1' } }],
          ['HSET h name Ann password <password>', { ok: { integer: '2' } }],
          ['HGETALL h', { ok: fields }],
          ['LPUSH user:47 1', { error: { name: name === 'redis@4' ? 'ErrorReply' : 'SimpleError', code: 'WRONGTYPE', message: 'WRONGTYPE Operation against a key holding the wrong kind of value' } }],
          ['ECHO raw', { ok: { bulk: 'raw' } }],
          ['MULTI', { ok: { simple: 'OK' } }],
          ['INCR a', { ok: { simple: 'QUEUED' } }],
          ['EXEC', { ok: { array: [{ simple: 'OK' }, { integer: '2' }] } }],
          ['BLPOP nothing 30', { error: { name: 'SocketClosedUnexpectedlyError', message: 'Socket closed unexpectedly', phase: 'wait' } }],
          ['BLPOP nothing 30', { pending: {} }],
        ]),
      );
      expect(redis(seen).find((event) => event.request === 1)?.command).toEqual(['GET', 'a']);
    });

    test('subscriptions, published messages and the end of a connection that waited for them', async () => {
      const heard = await observe({ source: nodeRedisSource('cjs', NODE_REDIS_SUBSCRIBER), type: 'cjs', instrument: NODE_REDIS, env, packages: made.folder });
      expect([heard.stdout, heard.stderr]).toEqual(['[["news one","n.* n.a two","news three"]]\n', '']);
      expect(pushes(heard)).toEqual(PUSHED);
      expect(subscriptions(heard)).toEqual(['subscribe news', 'psubscribe n.*', 'subscribe news', 'psubscribe n.*']);
    });

    test('servers, and connections that were not made', () => {
      expect(seen.servers).toMatchObject([{ kind: 'redis', host: '127.0.0.1', port: Number(env.PORT), tls: false }]);
      expect(seen.events.filter((event) => event.kind === 'socket')).toMatchObject([{ host: '127.0.0.1', port: Number(env.CLOSED), outcome: { error: { code: 'ECONNREFUSED', phase: 'connect' } } }]);
    });
  });

  describe('of several servers', () => {
    test('a cluster: each command at the node that it was sent to, refusals among them', async () => {
      await using stack = new AsyncDisposableStack();
      const [first = 0, second = 0, third = 0] = await testRedisCluster(stack);
      const body = `
        import { Redis, Cluster } from 'ioredis';
        const admin = new Redis(${first}, '127.0.0.1');
        const id = await admin.call('CLUSTER', 'MYID');
        const cluster = new Cluster([{ host: '127.0.0.1', port: ${first} }]);
        await cluster.set('b', '1');
        for (const port of [${first}, ${second}, ${third}]) {
          const node = new Redis(port, '127.0.0.1');
          await node.call('CLUSTER', 'SETSLOT', 15495, 'NODE', id);
          node.disconnect();
        }
        console.log(await cluster.set('a', '1'));
        admin.disconnect();
        cluster.disconnect();
      `;
      const seen = await observe({ source: body, type: 'esm', instrument: IOREDIS, env });
      expect([seen.stdout, seen.stderr]).toEqual(['OK\n', '']);
      expect(commandsAt(seen, third)).toContain('set a 1');
      expect(commandsAt(seen, first)).toEqual(expect.arrayContaining(['set b 1', 'set a 1']));
      expect(redis(seen).find(({ command, outcome }) => words(command) === 'set a 1' && 'error' in outcome)?.outcome).toMatchObject({ error: { code: 'MOVED', message: `MOVED 15495 127.0.0.1:${first}` } });
    });

    test('a sentinel: the master that it named', async () => {
      await using stack = new AsyncDisposableStack();
      const port = await testRedisSentinel(stack);
      const body = `
        import { Redis } from 'ioredis';
        const client = new Redis({ sentinels: [{ host: '127.0.0.1', port: ${port} }], name: 'main' });
        console.log(await client.set('a', '1'));
        client.disconnect();
      `;
      const seen = await observe({ source: body, type: 'esm', instrument: IOREDIS, env });
      expect([seen.stdout, seen.stderr]).toEqual(['OK\n', '']);
      expect(commandsAt(seen, port)[0]).toBe('sentinel get-master-addr-by-name main');
      const masters = seen.servers.filter((server) => server.port !== port);
      expect(masters).toHaveLength(1);
      expect(commandsAt(seen, masters[0]?.port ?? 0)).toEqual(['set a 1']);
    });
  });

  describe.each([20, 22, 26])('on Node %i', (major) => {
    const runtime = nodeOfMajor(major);
    if ('missing' in runtime) {
      test.skip(`both clients (${runtime.missing})`, () => {});
      return;
    }
    test('imported as ES modules', async () => {
      const body = `
        import { Redis } from 'ioredis'; import { createClient } from 'redis';
        const address = { host: '127.0.0.1', port: Number(process.env.PORT) };
        const one = new Redis(address), other = await createClient({ socket: address }).connect();
        await one.set('esm', 'yes');
        console.log(await other.get('esm'));
        one.disconnect(); other.destroy();
      `;
      const seen = await observe({ source: body, type: 'esm', instrument: { ...IOREDIS, ...NODE_REDIS }, env, node: runtime.node });
      expect([seen.stdout, seen.stderr]).toEqual(['yes\n', '']);
      expect(commands(seen)).toEqual([['set esm yes', { ok: { simple: 'OK' } }], ['GET esm', { ok: { bulk: 'yes' } }]]);
    });
  });
});
