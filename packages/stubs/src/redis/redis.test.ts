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
