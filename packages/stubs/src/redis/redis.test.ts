import { createServer } from 'node:net';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterEach, describe, expect, it } from 'vitest';
import type { IoError, RedisReply } from '@deja/format';
import type { RedisExchange, RedisStubPlan } from '../plan.js';
import { portOf, startForTest, stopAfterTest } from '../testing/plan.js';

const closers: (() => void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) close();
  await stopAfterTest();
});

function plan(...exchanges: readonly RedisExchange[]): RedisStubPlan {
  return { name: 'cache', host: 'redis.example', port: 6379, tls: false, exchanges };
}

function exchange(seq: number, command: readonly string[], answer: RedisReply | { readonly failed: IoError }, part: Partial<RedisExchange> = {}): RedisExchange {
  return { seq, repeat: false, session: 1, command, outcome: 'failed' in answer ? { error: answer.failed } : { ok: answer }, ...part };
}

function ioredis(port: number, options: object = {}): Redis {
  const client = new Redis({ port, host: '127.0.0.1', retryStrategy: () => null, maxRetriesPerRequest: 0, ...options });
  client.on('error', () => undefined);
  closers.push(() => client.disconnect());
  return client;
}

async function nodeRedis(port: number, RESP: 2 | 3): Promise<ReturnType<typeof createClient>> {
  const client = createClient({ RESP, socket: { port, host: '127.0.0.1', reconnectStrategy: false } });
  client.on('error', () => undefined);
  closers.push(() => client.destroy());
  await client.connect();
  return client as ReturnType<typeof createClient>;
}

describe('Redis stub with ioredis', () => {
  it('answers as recorded, equal commands in recorded order', async () => {
    const stubs = await startForTest({
      redis: [plan(exchange(1, ['get', 'user:47'], { bulk: 'Ada' }), exchange(2, ['get', 'user:47'], { null: true }), exchange(3, ['lrange', 'l', '0', '-1'], { array: [{ bulk: 'a' }, { bulk: 'b' }] }), exchange(4, ['incr', 'n'], { error: 'WRONGTYPE Operation against a key' }))],
    });
    const client = ioredis(portOf(stubs));
    expect([await client.get('user:47'), await client.get('user:47'), await client.lrange('l', 0, -1)]).toEqual(['Ada', null, ['a', 'b']]);
    await expect(client.incr('n')).rejects.toThrow('WRONGTYPE');
    expect(stubs.served.map((served) => served.seq)).toEqual([1, 2, 3, 4]);
    expect(stubs.divergences).toEqual([]);
  });

  it('tells a miss with the nearest command, and never serves it', async () => {
    const stubs = await startForTest({ redis: [plan(exchange(5, ['get', 'user:47'], { bulk: 'Ada' }))] });
    const client = ioredis(portOf(stubs));
    await expect(client.get('user:48')).rejects.toThrow(/^DEJA divergence: .*get user:48; nearest is event 5: argument 1: "user:48" instead of "user:47"/);
    expect(stubs.divergences).toMatchObject([{ stub: 'redis cache', asked: 'get user:48', nearest: { seq: 5, text: 'get user:47' } }]);
  });

  it('answers pipelines and transactions, recorded with QUEUED or with results', async () => {
    const queued = [
      exchange(1, ['multi'], { simple: 'OK' }),
      exchange(2, ['incr', 'a'], { simple: 'QUEUED' }),
      exchange(3, ['incr', 'b'], { simple: 'QUEUED' }),
      exchange(4, ['exec'], { array: [{ integer: '1' }, { integer: '2' }] }),
    ];
    const results = [exchange(5, ['incr', 'c'], { integer: '8' }), exchange(6, ['incr', 'd'], { error: 'ERR no' })];
    const stubs = await startForTest({ redis: [plan(...queued, ...results)] });
    const client = ioredis(portOf(stubs));
    expect(await client.multi().incr('a').incr('b').exec()).toEqual([[null, 1], [null, 2]]);
    const second = await client.multi().incr('c').incr('d').exec();
    expect(second?.[0]).toEqual([null, 8]);
    expect(second?.[1]?.[0]?.message).toBe('ERR no');
    expect(stubs.divergences).toEqual([]);
  });

  it('aborts a transaction in which a command was changed', async () => {
    const stubs = await startForTest({ redis: [plan(exchange(1, ['multi'], { simple: 'OK' }), exchange(2, ['set', 'a', '1'], { simple: 'QUEUED' }), exchange(3, ['exec'], { array: [{ simple: 'OK' }] }))] });
    const client = ioredis(portOf(stubs));
    await expect(client.multi().set('a', '2').exec()).rejects.toThrow('EXECABORT');
    expect(stubs.divergences.map((divergence) => divergence.asked)).toEqual(['set a 2']);
  });

  it('times out where it timed out, and later replies pass', async () => {
    const stubs = await startForTest({ redis: [plan(exchange(1, ['get', 'slow'], { failed: { message: 'Command timed out' } }, { ms: 150 }), exchange(2, ['get', 'fast'], { bulk: 'yes' }))] });
    const client = ioredis(portOf(stubs), { commandTimeout: 150 });
    const began = performance.now();
    await expect(client.get('slow')).rejects.toThrow('Command timed out');
    expect(performance.now() - began).toBeGreaterThan(140);
    expect(await client.get('fast')).toBe('yes');
  });

  it('lets the recorded time pass', async () => {
    const stubs = await startForTest({ redis: [plan(exchange(1, ['get', 'a'], { bulk: '1' }, { ms: 120 }))] }, { pace: 1 });
    const client = ioredis(portOf(stubs));
    const began = performance.now();
    await client.get('a');
    expect(performance.now() - began).toBeGreaterThan(110);
  });

  it('garbles what was garbled', async () => {
    const stubs = await startForTest({ redis: [plan(exchange(1, ['get', 'a'], { failed: { name: 'ParserError', message: 'Protocol error, got "w" as reply type byte. Please report this.', phase: 'wait' } }))] });
    await expect(ioredis(portOf(stubs)).get('a')).rejects.toThrow('Protocol error, got "w" as reply type byte');
  });

  it('breaks the connection at the command at which it broke', async () => {
    const stubs = await startForTest({
      redis: [plan(exchange(1, ['get', 'a'], { bulk: '1' }), exchange(2, ['get', 'b'], { failed: { message: 'read ECONNRESET', code: 'ECONNRESET', syscall: 'read' } }))],
    });
    const client = ioredis(portOf(stubs));
    const errors: string[] = [];
    client.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code ?? error.message));
    expect(await client.get('a')).toBe('1');
    await expect(client.get('b')).rejects.toThrow();
    expect(errors).toContain('ECONNRESET');
    expect(stubs.served.map((served) => served.seq)).toEqual([1, 2]);
  });
});

describe('Redis stub with node-redis', () => {
  it.each([2, 3] as const)('speaks RESP%s', async (version) => {
    const stubs = await startForTest({
      redis: [plan(exchange(1, ['HGETALL', 'h'], version === 3 ? { map: [[{ bulk: 'a' }, { bulk: '1' }]] } : { array: [{ bulk: 'a' }, { bulk: '1' }] }), exchange(2, ['SISMEMBER', 's', 'x'], { integer: '1' }), exchange(3, ['GET', 'bin'], { base64: '/wA=' }))],
    });
    const client = await nodeRedis(portOf(stubs), version);
    expect({ ...(await client.hGetAll('h')) }).toEqual({ a: '1' });
    expect(await client.sIsMember('s', 'x')).toBe(1);
    await client.get('bin');
    const transaction = client.multi().set('a', '1').exec();
    await expect(transaction).rejects.toThrow();
    expect(stubs.divergences.map((divergence) => divergence.asked)).toEqual(['SET a 1']);
  });
});

const slots = (...ports: readonly number[]): RedisReply => ({ array: ports.map((port, index) => ({ array: [{ integer: String(index) }, { integer: String(index) }, { array: [{ bulk: '10.0.0.1' }, { integer: String(port) }] }] })) });

const node = (port: number, ...exchanges: readonly RedisExchange[]): RedisStubPlan => ({ ...plan(...exchanges), name: `node-${port}`, port });

const push = (seq: number, command: readonly string[], text: string, part: Partial<RedisExchange> = {}): RedisExchange => exchange(seq, command, { bulk: text }, { push: true, ...part });

describe('published messages', () => {
  const said = [
    exchange(1, ['subscribe', 'news'], { integer: '1' }),
    exchange(2, ['publish', 'news', 'one'], { integer: '1' }, { session: 2 }),
    push(3, ['message', 'news'], 'first'),
    push(4, ['message', 'news'], 'second'),
  ];

  it('come to who has subscribed, in recorded order, after what they followed', async () => {
    const stubs = await startForTest({ redis: [plan(...said)] });
    const [subscriber, publisher] = [ioredis(portOf(stubs)), ioredis(portOf(stubs))];
    const messages: string[] = [];
    subscriber.on('message', (channel, message) => messages.push(`${channel}: ${message}`));
    expect(await subscriber.subscribe('news')).toBe(1);
    await subscriber.ping();
    expect(messages).toEqual([]);
    await publisher.publish('news', 'one');
    await expect.poll(() => messages).toEqual(['news: first', 'news: second']);
    expect(stubs.served.map((served) => served.seq)).toEqual([1, 2, 3, 4]);
    expect(stubs.divergences).toEqual([]);
  });

  it('do not come before their time', async () => {
    const stubs = await startForTest({ redis: [plan(exchange(1, ['subscribe', 'news'], { integer: '1' }, { time: 1000, ms: 0 }), push(2, ['message', 'news'], 'late', { time: 1150 }))] }, { pace: 1 });
    const client = ioredis(portOf(stubs));
    const came = new Promise<number>((resolve) => client.on('message', () => resolve(performance.now())));
    await client.subscribe('news');
    const began = performance.now();
    expect((await came) - began).toBeGreaterThan(130);
  });

  it('are not invented for channels that nobody had subscribed to', async () => {
    const stubs = await startForTest({ redis: [plan(...said)] });
    const client = ioredis(portOf(stubs));
    await expect(client.subscribe('sport')).rejects.toThrow('DEJA divergence: not in the recording: subscribe sport');
    expect(stubs.divergences).toHaveLength(1);
  });

  it('come after a lost connection to who subscribes to all of it again', async () => {
    const lost = { failed: { message: 'Connection is closed.', phase: 'wait' } } as const;
    const stubs = await startForTest({
      redis: [plan(exchange(1, ['subscribe', 'a'], { integer: '1' }, { repeat: true }), exchange(2, ['psubscribe', 'b*'], { integer: '2' }, { repeat: true }), push(3, ['pmessage', 'b*', 'b1'], 'one', { repeat: true }), exchange(4, ['close'], lost, { push: true, repeat: true }),
        exchange(5, ['subscribe', 'a'], { integer: '1' }, { session: 2, repeat: true }), push(6, ['message', 'a'], 'two', { session: 2, repeat: true }))],
    });
    const client = ioredis(portOf(stubs), { retryStrategy: () => 10 });
    const messages: string[] = [];
    client.on('message', (channel, message) => messages.push(`${channel}: ${message}`)).on('pmessage', (pattern, channel, message) => messages.push(`${pattern} ${channel}: ${message}`));
    await Promise.all([client.subscribe('a'), client.psubscribe('b*')]);
    await expect.poll(() => messages).toEqual(['b* b1: one', 'a: two']);
    expect(stubs.divergences).toEqual([]);
  });

  it.each([2, 3] as const)('come over RESP%s, and end with the subscription', async (version) => {
    const stubs = await startForTest({ redis: [plan(...said, exchange(5, ['GET', 'a'], { bulk: '1' }))] });
    const [client, publisher] = [await nodeRedis(portOf(stubs), version), ioredis(portOf(stubs))];
    const messages: string[] = [];
    await client.subscribe('news', (message) => messages.push(message));
    await publisher.publish('news', 'one');
    await expect.poll(() => messages).toEqual(['first', 'second']);
    await client.unsubscribe('news');
    expect(String(await client.get('a'))).toBe('1');
    expect(stubs.divergences).toEqual([]);
  });
});

describe('several nodes', () => {
  it('tell alike where they are, and nothing else', async () => {
    const stubs = await startForTest({ redis: [node(1, exchange(1, ['cluster', 'SLOTS'], slots(1, 2)), exchange(2, ['get', 'a'], { bulk: '1' })), node(2, exchange(3, ['get', 'b'], { error: 'MOVED 3300 10.0.0.1:1' })), node(3)] });
    const [, second, other] = [0, 1, 2].map((index) => ioredis(portOf(stubs, index)));
    expect(await second?.call('CLUSTER', 'SLOTS')).toHaveLength(2);
    await expect(second?.get('b')).rejects.toThrow('MOVED 3300 10.0.0.1:1');
    await expect(second?.get('a')).rejects.toThrow('DEJA divergence');
    // It is of another cluster.
    await expect(other?.call('CLUSTER', 'SLOTS')).rejects.toThrow('DEJA divergence');
  });
});

describe('closed ports', () => {
  it('refuses where the connection was refused', async () => {
    const stubs = await startForTest({ closed: [{ host: 'redis.example', port: 6379, how: 'refused' }] });
    const client = ioredis(portOf(stubs), { lazyConnect: true });
    const errors: string[] = [];
    client.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code ?? ''));
    await expect(client.connect()).rejects.toThrow();
    expect(errors).toContain('ECONNREFUSED');
  });

  it('does not answer where the attempt was not answered', async () => {
    const stubs = await startForTest({ closed: [{ host: 'redis.example', port: 6379, how: 'silent' }] });
    const client = ioredis(portOf(stubs), { lazyConnect: true, connectTimeout: 200 });
    const errors: string[] = [];
    client.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code ?? error.message));
    await expect(client.connect()).rejects.toThrow();
    expect(errors).toContain('ETIMEDOUT');
  });

  it('names the port that is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    closers.push(() => other.close());
    const { port } = other.address() as { port: number };
    await expect(startForTest({ redis: [plan()] }, { resolve: () => ({ address: '127.0.0.1', port }) })).rejects.toMatchObject({ code: 'DEJA_PORT_IN_USE', message: `a stub cannot listen on 127.0.0.1:${port}: EADDRINUSE` });
  });
});
