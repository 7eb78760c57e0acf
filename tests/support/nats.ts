import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';

export interface TestNats extends AsyncDisposable {
  readonly port: number;
}

const PROGRAM = '/usr/sbin/nats-server';

/** Why no NATS can be had here; null: it can. */
export const natsMissing = existsSync(PROGRAM) ? null : 'nats-server is not installed; on Debian: apt-get install nats-server';

/** A real nats-server on a free port, with JetStream in a folder of its own. */
export async function testNats(options: readonly string[] = []): Promise<TestNats> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'deja-nats-'));
  const child = spawn(PROGRAM, ['--addr', '127.0.0.1', '--port', String(port), '--jetstream', '--store_dir', folder, ...options], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  for (let attempt = 0; attempt < 500; attempt++) {
    if (await greets(port)) return { port, [Symbol.asyncDispose]: stop };
    await sleep(10);
  }
  await stop();
  throw new Error('nats-server does not answer');
}

function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('data', () => socket.destroy()).once('error', () => resolve(false)).once('close', (failed) => resolve(!failed && socket.bytesRead > 0));
  });
}
