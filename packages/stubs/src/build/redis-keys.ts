import type { RedisArgument, RedisReply } from '@deja/format';
import type { RedisExchange, RedisKey } from '../plan.js';
import { argumentId, itemsOf, type Pair, pairsOf, valueOf, valuesOf } from './redis-reply-parts.js';

/** A key in the making. */
interface Draft {
  readonly key: RedisArgument;
  readonly db: number;
  string?: RedisArgument;
  readonly hash: Map<string, Pair>;
  list?: readonly RedisArgument[];
  readonly set: Map<string, RedisArgument>;
  readonly zset: Map<string, Pair>;
  ttlMs?: number;
  readonly from: number[];
}

/** Commands that change nothing. All others may change the keys that they name: what is read afterwards says nothing about before. */
const READS = new Set('GET MGET HGETALL HGET HMGET LRANGE SMEMBERS SISMEMBER ZRANGE ZSCORE TTL PTTL STRLEN EXISTS TYPE HLEN LLEN SCARD ZCARD HEXISTS LINDEX HKEYS HVALS ZRANK ZREVRANGE ZCOUNT'.split(' '));
const SETTINGS = new Set('SELECT HELLO AUTH CLIENT INFO PING COMMAND MULTI EXEC DISCARD WATCH UNWATCH SUBSCRIBE PUBLISH CONFIG'.split(' '));

/** The keys that were there before the application changed them, as far as replies show. `exchanges` of one server, in recorded order. */
export function redisKeys(exchanges: readonly RedisExchange[]): readonly RedisKey[] {
  const drafts = new Map<string, Draft>();
  const changed = new Set<string>();
  const databases = new Map<number, number>();
  let allChanged = false;
  for (const exchange of exchanges) {
    const [name = '', ...args] = exchange.command;
    if (exchange.push || allChanged || !('ok' in exchange.outcome) || 'error' in exchange.outcome.ok) continue;
    const command = argumentId(name).toUpperCase();
    const db = databases.get(exchange.session) ?? 0;
    const draftOf = (key: RedisArgument): Draft | null => {
      const id = `${db} ${argumentId(key)}`;
      if (changed.has(id)) return null;
      const draft = drafts.get(id) ?? { key, db, hash: new Map(), set: new Map(), zset: new Map(), from: [] };
      drafts.set(id, draft);
      return draft;
    };
    read(command, args, exchange.outcome.ok, exchange.seq, draftOf);
    if (command === 'SELECT') databases.set(exchange.session, Number(argumentId(args[0] ?? '0')));
    else if (command.startsWith('FLUSH')) allChanged = true;
    else if (!READS.has(command) && !SETTINGS.has(command)) for (const arg of args) changed.add(`${db} ${argumentId(arg)}`);
  }
  return [...drafts.values()].flatMap(finished);
}

function read(command: string, args: readonly RedisArgument[], reply: RedisReply, seq: number, draftOf: (key: RedisArgument) => Draft | null): void {
  const [key = '', ...rest] = args;
  const learn = (draft: Draft | null, how: (draft: Draft) => void): void => {
    if (draft === null) return;
    how(draft);
    draft.from.push(seq);
  };
  switch (command) {
    case 'GET':
    case 'GETSET':
    case 'GETDEL':
    case 'GETEX':
      if (valueOf(reply) !== null) learn(draftOf(key), (draft) => (draft.string ??= valueOf(reply) ?? ''));
      return;
    case 'INCR':
    case 'INCRBY':
    case 'DECR':
    case 'DECRBY': {
      const before = countBefore(reply, command.startsWith('DECR') ? -1 : 1, rest[0]);
      if (before !== null) learn(draftOf(key), (draft) => (draft.string ??= before));
      return;
    }
    case 'HINCRBY': {
      const before = countBefore(reply, 1, rest[1]);
      if (before !== null) learn(draftOf(key), (draft) => addPairs(draft.hash, [[rest[0] ?? '', before]]));
      return;
    }
    case 'MGET':
      for (const [index, one] of args.entries()) {
        const value = valueOf(itemsOf(reply)[index]);
        if (value !== null) learn(draftOf(one), (draft) => (draft.string ??= value));
      }
      return;
    case 'HGETALL':
      if (pairsOf(reply).length > 0) learn(draftOf(key), (draft) => addPairs(draft.hash, pairsOf(reply)));
      return;
    case 'HGET':
    case 'HMGET':
      for (const [index, field] of rest.entries()) {
        const value = valueOf(command === 'HGET' ? reply : itemsOf(reply)[index]);
        if (value !== null) learn(draftOf(key), (draft) => addPairs(draft.hash, [[field, value]]));
      }
      return;
    case 'LRANGE':
      // Only from the beginning on is it known what is where.
      if (argumentId(rest[0] ?? '') === '0' && itemsOf(reply).length > 0) learn(draftOf(key), (draft) => (draft.list = longer(draft.list, valuesOf(reply))));
      return;
    case 'SMEMBERS':
      if (itemsOf(reply).length > 0) learn(draftOf(key), (draft) => { for (const member of valuesOf(reply)) draft.set.set(argumentId(member), member); });
      return;
    case 'SISMEMBER':
      if ('integer' in reply && reply.integer === '1') learn(draftOf(key), (draft) => draft.set.set(argumentId(rest[0] ?? ''), rest[0] ?? ''));
      return;
    case 'ZRANGE':
      if (argumentId(rest.at(-1) ?? '').toUpperCase() === 'WITHSCORES' && pairsOf(reply).length > 0) learn(draftOf(key), (draft) => addPairs(draft.zset, pairsOf(reply)));
      return;
    case 'ZSCORE':
      if (valueOf(reply) !== null) learn(draftOf(key), (draft) => addPairs(draft.zset, [[rest[0] ?? '', valueOf(reply) ?? '']]));
      return;
    case 'TTL':
    case 'PTTL':
      if ('integer' in reply && Number(reply.integer) > 0) learn(draftOf(key), (draft) => (draft.ttlMs ??= Number(reply.integer) * (command === 'TTL' ? 1000 : 1)));
      return;
    default:
  }
}

/** What had been counted before this; null where it began with nothing. */
function countBefore(reply: RedisReply, sign: 1 | -1, step: RedisArgument = '1'): string | null {
  if (!('integer' in reply) || !/^-?\d+$/.test(argumentId(step))) return null;
  const before = BigInt(reply.integer) - BigInt(sign) * BigInt(argumentId(step));
  return before === 0n ? null : String(before);
}

/** Nothing where a time to live is all that is known. */
function finished({ key, db, string, hash, list, set, zset, ttlMs, from }: Draft): readonly RedisKey[] {
  const shared = { key, ...(db === 0 ? {} : { db }) };
  const rest = { ...(ttlMs === undefined ? {} : { ttlMs }), from: [...new Set(from)] };
  if (string !== undefined) return [{ ...shared, string, ...rest }];
  if (hash.size > 0) return [{ ...shared, hash: [...hash.values()], ...rest }];
  if (list !== undefined) return [{ ...shared, list, ...rest }];
  if (set.size > 0) return [{ ...shared, set: [...set.values()], ...rest }];
  return zset.size > 0 ? [{ ...shared, zset: [...zset.values()], ...rest }] : [];
}

/** The first reply about a field or member is the one that counts: later ones may follow a change. */
function addPairs(to: Map<string, Pair>, pairs: readonly Pair[]): void {
  for (const pair of pairs) if (!to.has(argumentId(pair[0]))) to.set(argumentId(pair[0]), pair);
}

function longer(one: readonly RedisArgument[] | undefined, other: readonly RedisArgument[]): readonly RedisArgument[] {
  return one !== undefined && one.length >= other.length ? one : other;
}
