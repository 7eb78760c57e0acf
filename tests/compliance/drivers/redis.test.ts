import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../support/free-port.ts';
import { nodeOfMajor, npmFolder } from '../../support/npm-folder.ts';
import { observe, type Observation, type Observed } from '../../support/observed-app.ts';
import { testRedis } from '../../support/redis.ts';

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
const HANDSHAKE = /^(hello|info|client|auth|select|quit)\b/i;
const commands = (seen: Observation): readonly (readonly [string, unknown])[] =>
  redis(seen).map((event) => [event.command.map((part) => (typeof part === 'string' ? part : '<bytes>')).join(' '), event.outcome] as const).filter(([text]) => !HANDSHAKE.test(text));

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

    test('servers, and connections that were not made', () => {
      expect(seen.servers).toMatchObject([{ kind: 'redis', host: '127.0.0.1', port: Number(env.PORT), tls: false }]);
      expect(seen.events.filter((event) => event.kind === 'socket')).toMatchObject([{ host: '127.0.0.1', port: Number(env.CLOSED), outcome: { error: { code: 'ECONNREFUSED', phase: 'connect' } } }]);
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
