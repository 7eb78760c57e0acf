import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';

export interface RedisServer {
  readonly url: string;
  readonly version: string;
  /** Makes the server answer nobody for this long; connections stay open. */
  hang(ms: number): Promise<void>;
  stop(): Promise<void>;
}

/** Undefined: there is no redis-server on this machine. */
export async function startRedis(port: number, folder: string): Promise<RedisServer | undefined> {
  const program = (process.env['PATH'] ?? '').split(delimiter).map((path) => join(path, 'redis-server')).find((path) => existsSync(path));
  if (program === undefined) return undefined;
  await mkdir(folder, { recursive: true });
  const child = spawn(program, ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-2000)));
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', () => resolve());
  });
  const admin = new Redis({ port, host: '127.0.0.1', lazyConnect: true, retryStrategy: () => 25, maxRetriesPerRequest: null });
  admin.on('error', () => undefined);
  const version = await Promise.race([admin.info('server').then((text) => /redis_version:(\S+)/.exec(text)?.[1]), ended, sleep(10_000)]);
  if (typeof version !== 'string') {
    admin.disconnect();
    child.kill('SIGKILL');
    throw new Error(`redis-server did not start on port ${port}: ${output.trim()}`);
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    version,
    hang: async (ms) => {
      await admin.call('CLIENT', 'PAUSE', String(ms), 'ALL');
    },
    stop: async () => {
      admin.disconnect();
      child.kill('SIGTERM');
      await Promise.race([ended, sleep(3000).then(() => child.kill('SIGKILL'))]);
      await ended;
    },
  };
}
