import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';

export interface TestRabbit extends AsyncDisposable {
  readonly port: number;
}

const BIN = '/usr/lib/rabbitmq/bin';
const WITHIN_MS = 60_000;

/** Why no RabbitMQ is to be had here; null: it is. It is large and slow to start: only where it is asked for. */
export const rabbitMissing = !existsSync(join(BIN, 'rabbitmq-server'))
  ? 'RabbitMQ is not installed (with Erlang some 80 MB); on Debian: apt-get install rabbitmq-server'
  : process.env['BROKERS'] === '1' ? null : 'set BROKERS=1 to start RabbitMQ';

/** A real RabbitMQ on a free port, with everything of its own in a folder of its own. */
export async function testRabbit(): Promise<TestRabbit> {
  const [port, distribution, names] = [await freePort(), await freePort(), await freePort()];
  const folder = mkdtempSync(join(tmpdir(), 'deja-rabbit-'));
  writeFileSync(join(folder, 'plugins'), '[].\n');
  const env = {
    PATH: process.env['PATH'], HOME: folder, LANG: 'C.UTF-8',
    RABBITMQ_NODENAME: `deja${port}@localhost`, RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1', RABBITMQ_NODE_PORT: String(port), RABBITMQ_DIST_PORT: String(distribution), ERL_EPMD_PORT: String(names),
    RABBITMQ_MNESIA_BASE: join(folder, 'mnesia'), RABBITMQ_LOG_BASE: join(folder, 'log'), RABBITMQ_PID_FILE: join(folder, 'pid'), RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'plugins'),
    RABBITMQ_CONFIG_FILE: join(folder, 'none'), RABBITMQ_CONF_ENV_FILE: join(folder, 'none'), ERL_EPMD_RELAXED_COMMAND_CHECK: '1', RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '+S 1:1 +sbwt none',
  };
  const child = spawn(join(BIN, 'rabbitmq-server'), [], { env, cwd: folder, stdio: 'ignore', detached: true });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = async (): Promise<void> => {
    // The script has children: all of them are in its group.
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
    await ended;
    try {
      execFileSync('epmd', ['-port', String(names), '-kill'], { stdio: 'ignore' });
    } catch {
      // It was not running.
    }
    rmSync(folder, { recursive: true, force: true });
  };
  const deadline = Date.now() + WITHIN_MS;
  while (child.exitCode === null && Date.now() < deadline) {
    if (await greets(port)) return { port, [Symbol.asyncDispose]: stop };
    await sleep(100);
  }
  await stop();
  throw new Error('RabbitMQ does not answer');
}

function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(Buffer.from('AMQP\0\0\x09\x01', 'latin1')));
    socket.once('data', () => socket.destroy()).once('error', () => resolve(false)).once('close', (failed) => resolve(!failed && socket.bytesRead > 0));
  });
}
