import { freePort } from '../../support/free-port.ts';
import type { TestRedis } from '../../support/redis.ts';
import { DEJA } from './deja.ts';
import { userEnvironment } from './environment.ts';
import { Program, type ProgramEnd } from './program.ts';

export interface RedisCommanderDays {
  readonly end: ProgramEnd;
  readonly output: string;
  /** Status of a key that is there, decoded. */
  readonly healthy: number;
}

/** redis-commander in `folder`, under `deja run`: somebody decodes a key that is there, and one that has expired. The server is the caller's. */
export async function captureRedisCommander(folder: string, node: string, server: TestRedis, out: string): Promise<RedisCommanderDays> {
  const port = await freePort();
  const start = ['node', 'node_modules/redis-commander/bin/redis-commander.js', '--redis-host', '127.0.0.1', '--redis-port', String(server.port), '--port', String(port), '--nosave'];
  await using service = new Program([process.execPath, DEJA, 'run', '--out', out, '--', ...start], { cwd: folder, env: userEnvironment(node) });
  await service.listens(port);
  const connection = `http://127.0.0.1:${port}/apiv2/key/R:127.0.0.1:${server.port}:0`;
  const asked = { method: 'POST', headers: { connection: 'close', 'content-type': 'application/json' } };
  await fetch(`${connection}/session:1`, { ...asked, body: JSON.stringify({ keyType: 'string', stringValue: 'aGVsbG8=' }) });
  const healthy = await fetch(`${connection}/session:1?action=decode`, asked);
  await healthy.text();
  await fetch(`${connection}/session:2?action=decode`, asked).catch(() => undefined);
  const end = await service.ended;
  return { end, output: service.output, healthy: healthy.status };
}
