import { describe, expect, it } from 'vitest';
import type { RedisReply } from '@deja/format';
import type { RedisExchange } from '../plan.js';
import { redisKeys } from './redis-keys.js';

let seq = 0;
const asked = (line: string, ok: RedisReply, part: Partial<RedisExchange> = {}): RedisExchange => ({ seq: ++seq, repeat: false, session: 1, command: line.split(' '), outcome: { ok }, ...part });
const keysOf = (...exchanges: readonly RedisExchange[]): unknown => JSON.parse(JSON.stringify(redisKeys(exchanges), (name, value: unknown) => (name === 'from' ? undefined : value)));
const bulks = (...texts: readonly string[]): RedisReply => ({ array: texts.map((bulk) => ({ bulk })) });

describe('keys that replies show', () => {
  it('of every type, with their time to live and the events that show them', () => {
    seq = 0;
    expect(redisKeys([asked('get a', { bulk: '1' }), asked('ttl a', { integer: '9' }), asked('hget h f', { bulk: 'v' }), asked('HGETALL h', bulks('f', 'v', 'g', 'w'))])).toEqual([
      { key: 'a', string: '1', ttlMs: 9000, from: [1, 2] },
      { key: 'h', hash: [['f', 'v'], ['g', 'w']], from: [3, 4] },
    ]);
    expect(keysOf(asked('lrange l 0 0', bulks('a')), asked('lrange l 0 -1', bulks('a', 'b')), asked('sismember s a', { integer: '1' }), asked('smembers s', { set: [{ bulk: 'b' }] }), asked('zrange z 0 -1 WITHSCORES', { array: [{ array: [{ bulk: 'm' }, { double: '1.5' }] }] }), asked('zscore z n', { bulk: '2' }))).toEqual([
      { key: 'l', list: ['a', 'b'] },
      { key: 's', set: ['a', 'b'] },
      { key: 'z', zset: [['m', '1.5'], ['n', '2']] },
    ]);
    expect(keysOf(asked('mget a none b', { array: [{ bulk: '1' }, { null: true }, { base64: '/wA=' }] }), asked('HGETALL m', { map: [[{ bulk: 'f' }, { integer: '1' }]] }))).toEqual([{ key: 'a', string: '1' }, { key: 'b', string: { base64: '/wA=' } }, { key: 'm', hash: [['f', '1']] }]);
  });

  it('before anything changed them, each by itself', () => {
    expect(keysOf(asked('set a 1', { simple: 'OK' }), asked('get a', { bulk: '1' }), asked('get b', { bulk: '2' }), asked('del b', { integer: '1' }), asked('get b', { null: true }))).toEqual([{ key: 'b', string: '2' }]);
    expect(keysOf(asked('get a', { bulk: '1' }), asked('flushall', { simple: 'OK' }), asked('get b', { bulk: '2' }))).toEqual([{ key: 'a', string: '1' }]);
  });

  it('by the answers to changes, too', () => {
    expect(keysOf(asked('incr n', { integer: '42' }), asked('incr n', { integer: '43' }), asked('decrby d 5', { integer: '2' }), asked('incr new', { integer: '1' }), asked('hincrby h f 2', { integer: '5' }), asked('getset s new', { bulk: 'old' }))).toEqual([
      { key: 'n', string: '41' }, { key: 'd', string: '7' }, { key: 'h', hash: [['f', '3']] }, { key: 's', string: 'old' },
    ]);
  });

  it('of the database that their connection had chosen', () => {
    expect(keysOf(asked('select 3', { simple: 'OK' }), asked('get a', { bulk: '3' }), asked('get a', { bulk: '0' }, { session: 2 }))).toEqual([{ key: 'a', db: 3, string: '3' }, { key: 'a', string: '0' }]);
  });

  it('and none where there is nothing to be seen', () => {
    expect(keysOf(asked('get a', { null: true }), asked('ttl b', { integer: '50' }), asked('hgetall h', { array: [] }), asked('get c', { error: 'WRONGTYPE no' }), asked('lrange l 5 9', bulks('x')), asked('message a', { bulk: '1' }, { push: true }))).toEqual([]);
  });
});
