import { spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { RedisStubPlan } from '@deja/stubs';
import { AgentError } from './failure.js';
import type { GuestPlan } from './plan.js';
import type { Part } from './world.js';

/** Real servers behind the stubs of Redis, for what changed code asks and the recording does not know. */
export interface RedisEngines extends Part {
  /** The Unix socket of the one with the keys of this recorded server. */
  pathOf(name: string): string | undefined;
  readonly notes: readonly string[];
}

const NONE: RedisEngines = { pathOf: () => undefined, notes: [], stop: () => Promise.resolve() };

/** One server for each recorded one. Throws DejaError DEJA_ENGINE_FAILED. */
export async function startRedisEngines({ redisServer, stubs }: GuestPlan, folder: string): Promise<RedisEngines> {
  if (redisServer === undefined || stubs.redis.length === 0) return NONE;
  if (!existsSync(redisServer)) return { ...NONE, notes: [`there is no ${redisServer} in this sandbox: what the recording of Redis does not know is not answered`] };
  const { loadRedisKeys } = await import('@deja/stubs');
  await using started = new AsyncDisposableStack();
  const paths = new Map<string, string>();
  const loading: Promise<void>[] = [];
  for (const [index, plan] of stubs.redis.entries()) {
    const own = join(folder, `redis-${index}`);
    mkdirSync(own);
    const { socket, failed } = startServer(redisServer, own, plan, started);
    paths.set(plan.name, socket);
    loading.push(Promise.race([failed, loadRedisKeys(socket, plan.keys ?? [])]));
  }
  await Promise.all(loading);
  const running = started.move();
  return { pathOf: (name) => paths.get(name), notes: [], stop: async () => await running.disposeAsync() };
}

interface StartedServer {
  readonly socket: string;
  /** Rejects when the server ends, with its last words. */
  readonly failed: Promise<never>;
}

/** It keeps nothing and listens to nobody else. */
function startServer(program: string, folder: string, { keys = [] }: RedisStubPlan, started: AsyncDisposableStack): StartedServer {
  const socket = join(folder, 'redis.sock');
  const databases = Math.max(16, ...keys.map(({ db = 0 }) => db + 1));
  const child = spawn(program, ['--port', '0', '--unixsocket', socket, '--save', '', '--appendonly', 'no', '--dir', folder, '--databases', String(databases)], { stdio: ['ignore', 'pipe', 'ignore'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output = `${output}${text}`.slice(-LAST_WORDS)));
  const ended = new Promise<string>((resolve) => child.once('error', (error) => resolve(error.message)).once('close', (code) => resolve(`exit code ${code}`)));
  started.defer(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const failed = ended.then((how) => {
    throw new AgentError('DEJA_ENGINE_FAILED', `${program} ended (${how}): ${output.trim().split('\n').at(-1) ?? ''}`);
  });
  failed.catch(() => undefined);
  return { socket, failed };
}

const LAST_WORDS = 2000;
