import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { DejaError, type RedisArgument } from '@deja/format';
import { encodeCommand, RespReplySplitter } from '@deja/wire';
import type { RedisKey } from '../plan.js';
import { argumentBytes } from './match.js';

const WITHIN_MS = 10_000;

/** Puts the keys into the real server at this Unix socket, which may be starting still. Throws DejaError DEJA_ENGINE_FAILED. */
export async function loadRedisKeys(path: string, keys: readonly RedisKey[]): Promise<void> {
  const commands = [['PING'], ...keys.flatMap(commandsFor)].map((words) => encodeCommand(words.map(argumentBytes)));
  let last: unknown;
  for (const deadline = Date.now() + WITHIN_MS; Date.now() < deadline; await sleep(10)) {
    try {
      const refused = (await said(path, Buffer.concat(commands), commands.length)).find((reply) => reply.startsWith('-'));
      if (refused === undefined) return;
      throw new DejaError('DEJA_ENGINE_FAILED', `the Redis server did not take the keys of the fixture: ${refused.slice(1).trim()}`, { hint: 'look at `keys` in stubs.yaml of the plan' });
    } catch (error) {
      if (error instanceof DejaError) throw error;
      last = error;
    }
  }
  throw new DejaError('DEJA_ENGINE_FAILED', `the Redis server for the keys of the fixture does not answer at ${path}`, { cause: last, hint: 'deja doctor' });
}

function commandsFor(one: RedisKey): readonly (readonly RedisArgument[])[] {
  const { key, db = 0, ttlMs } = one;
  const expiry = ttlMs === undefined ? [] : [['PEXPIRE', key, String(Math.ceil(ttlMs))]];
  return [['SELECT', String(db)], fill(one), ...expiry];
}

function fill(one: RedisKey): readonly RedisArgument[] {
  if ('string' in one) return ['SET', one.key, one.string];
  if ('hash' in one) return ['HSET', one.key, ...one.hash.flat()];
  if ('list' in one) return ['RPUSH', one.key, ...one.list];
  if ('set' in one) return ['SADD', one.key, ...one.set];
  return ['ZADD', one.key, ...one.zset.flatMap(([member, score]) => [score, member])];
}

/** The replies to these bytes. */
function said(path: string, bytes: Buffer, count: number): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const splitter = new RespReplySplitter();
    const replies: string[] = [];
    const socket = connect(path, () => socket.write(bytes));
    socket.on('data', (chunk: Buffer) => {
      replies.push(...splitter.push(chunk).map(String));
      if (replies.length >= count) socket.destroy();
    });
    socket.on('error', reject);
    socket.on('close', () => (replies.length >= count ? resolve(replies) : reject(new Error('the connection ended'))));
  });
}
