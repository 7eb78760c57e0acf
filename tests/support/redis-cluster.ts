import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { freePort } from './free-port.ts';
import { type TestRedis, testRedis } from './redis.ts';

const SLOTS = 16_384;
const WITHIN_MS = 20_000;

/** Three real masters with a third of the slots each. The ports are those of the nodes, in order of their slots. */
export async function testRedisCluster(stack: AsyncDisposableStack): Promise<readonly number[]> {
  const nodes: { readonly port: number; readonly bus: number }[] = [];
  for (let count = 0; count < 3; count++) {
    const bus = await freePort();
    const { port } = stack.use(had(await testRedis(['--cluster-enabled', 'yes', '--cluster-port', String(bus), '--cluster-config-file', 'nodes.conf'])));
    nodes.push({ port, bus });
  }
  const clients = nodes.map(({ port }) => new Redis({ port, host: '127.0.0.1' }));
  try {
    const share = Math.ceil(SLOTS / nodes.length);
    for (const [index, client] of clients.entries()) {
      await client.call('CLUSTER', 'ADDSLOTSRANGE', index * share, Math.min(SLOTS, (index + 1) * share) - 1);
      await client.call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1);
    }
    for (const { port, bus } of nodes.slice(1)) await clients[0]?.call('CLUSTER', 'MEET', '127.0.0.1', port, bus);
    for (const client of clients) await until(async () => String(await client.call('CLUSTER', 'INFO')).includes('cluster_state:ok') && ((await client.call('CLUSTER', 'SLOTS')) as unknown[]).length === nodes.length);
  } finally {
    for (const client of clients) client.disconnect();
  }
  return nodes.map(({ port }) => port);
}

/** A real master that is called `main`, and a sentinel that knows it: its port. */
export async function testRedisSentinel(stack: AsyncDisposableStack): Promise<number> {
  const { port: master } = stack.use(had(await testRedis()));
  const { port } = stack.use(had(await testRedis([], `sentinel monitor main 127.0.0.1 ${master} 1\n`)));
  return port;
}

function had(server: TestRedis | { readonly missing: string }): TestRedis {
  if ('missing' in server) throw new Error(server.missing);
  return server;
}

async function until(done: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + WITHIN_MS; !(await done()); await sleep(50)) {
    if (Date.now() > deadline) throw new Error('the cluster does not come up');
  }
}
