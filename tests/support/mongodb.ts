import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';

export interface TestMongodb extends AsyncDisposable {
  readonly port: number;
}

const BUILT = join(process.env['DEJA_CACHE'] ?? join(import.meta.dirname, '..', '..', '.deja', 'cache'), 'mongodb-server', 'mongodb-server');

/** `MONGODB_SERVER` names a `mongod`; without it the server that `npm run mongodb-server` has built is taken. */
function program(): string | undefined {
  return process.env['MONGODB_SERVER'] ?? (existsSync(BUILT) ? BUILT : undefined);
}

/** Why tests on a server of MongoDB's protocol are left out here; '' where there is one. */
export function withoutMongodb(): string {
  return program() === undefined ? ' (skipped: there is no server of MongoDB here; npm run mongodb-server builds one, or MONGODB_SERVER names a mongod)' : '';
}

/** A server with nothing in it, on a free port of 127.0.0.1. Throws where there is none. */
export async function testMongodb(): Promise<TestMongodb> {
  const server = program();
  if (server === undefined) throw new Error(withoutMongodb());
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'deja-mongodb-'));
  const args = basename(server) === 'mongod' ? ['--port', String(port), '--bind_ip', '127.0.0.1', '--dbpath', folder] : [`127.0.0.1:${port}`, folder];
  const child = spawn(server, args, { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()).once('error', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  for (let attempt = 0; attempt < 1500 && child.exitCode === null; attempt++) {
    if (await accepts(port)) return { port, [Symbol.asyncDispose]: stop };
    await sleep(10);
  }
  await stop();
  throw new Error(`${server} does not start`);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.destroy());
    socket.once('error', () => resolve(false)).once('close', (failed) => resolve(!failed));
  });
}
