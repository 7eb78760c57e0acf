import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';

export interface TestKafka extends AsyncDisposable {
  readonly port: number;
}

/** Folder with the jars of `org.apache.kafka:kafka_2.13` and all it depends on. */
const LIBS = process.env['KAFKA_LIBS'];
const WITHIN_MS = 60_000;

/** Why no Kafka is to be had here; null: it is. */
export const kafkaMissing = LIBS !== undefined && existsSync(LIBS) ? null : 'KAFKA_LIBS does not name a folder with the jars of Kafka; CONTRIBUTING.md says how to get them';

/** A real Kafka (KRaft, one node) on a free port, with its data in a folder of its own. Topics are made with one partition when they are first used. */
export async function testKafka(): Promise<TestKafka> {
  const [port, controller] = [await freePort(), await freePort()];
  const folder = mkdtempSync(join(tmpdir(), 'deja-kafka-'));
  const settings = {
    'process.roles': 'broker,controller', 'node.id': 1, 'controller.quorum.voters': `1@127.0.0.1:${controller}`, 'controller.listener.names': 'CONTROLLER',
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`, 'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': join(folder, 'data'), 'offsets.topic.replication.factor': 1, 'offsets.topic.num.partitions': 1, 'transaction.state.log.replication.factor': 1, 'transaction.state.log.min.isr': 1,
    'group.initial.rebalance.delay.ms': 0, 'num.partitions': 1, 'message.max.bytes': 50_000,
  };
  const file = join(folder, 'server.properties');
  writeFileSync(file, Object.entries(settings).map(([name, value]) => `${name}=${value}\n`).join(''));
  execFileSync('java', java('kafka.tools.StorageTool', 'format', '-t', 'MkU3OEVBNTcwNTJENDM2Qg', '-c', file), { stdio: 'ignore' });
  const child = spawn('java', java('kafka.Kafka', file), { cwd: folder, stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  const deadline = Date.now() + WITHIN_MS;
  while (child.exitCode === null && Date.now() < deadline) {
    if (await accepts(port)) return { port, [Symbol.asyncDispose]: stop };
    await sleep(100);
  }
  await stop();
  throw new Error('Kafka does not answer');
}

function java(...words: readonly string[]): readonly string[] {
  return ['-Xmx384m', '-XX:TieredStopAtLevel=1', '-cp', `${LIBS ?? ''}/*`, ...words];
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
