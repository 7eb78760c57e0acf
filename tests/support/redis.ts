import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';

export interface TestRedis extends AsyncDisposable {
  readonly port: number;
}

/** A real redis-server on a free port, without persistence. With `sentinel`, its configuration as such, it is one. `missing` says why it cannot be had. */
export async function testRedis(options: readonly string[] = [], sentinel?: string): Promise<TestRedis | { readonly missing: string }> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'deja-redis-'));
  const configuration = join(folder, 'sentinel.conf');
  if (sentinel !== undefined) writeFileSync(configuration, sentinel);
  const child = spawn('redis-server', [...(sentinel === undefined ? [] : [configuration, '--sentinel']), '--port', String(port), '--bind', '127.0.0.1', '--dir', folder, ...(sentinel === undefined ? ['--save', '', '--appendonly', 'no'] : []), ...options], { stdio: 'ignore' });
  let failed: string | undefined;
  child.once('error', (error) => (failed = error.message));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  for (let attempt = 0; attempt < 500; attempt++) {
    if (failed !== undefined || child.exitCode !== null) {
      await stop();
      return { missing: `redis-server does not start (${failed ?? `exit code ${child.exitCode}`}); on Debian: apt-get install redis-server` };
    }
    if (await answers(port)) return { port, [Symbol.asyncDispose]: stop };
    await sleep(10);
  }
  await stop();
  return { missing: 'redis-server does not answer' };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.once('data', () => socket.destroy()).once('error', () => resolve(false)).once('close', (failed) => resolve(!failed && socket.bytesRead > 0));
  });
}
