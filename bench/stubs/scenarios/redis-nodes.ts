import { Cluster, Redis } from 'ioredis';
import { createCluster, createSentinel } from 'redis';
import type { Scenario, Where } from '../scenario.ts';
import { outcomeOf, pause } from '../seen.ts';

type Words = readonly string[];

/** Several servers as a library gives them, as if they were one. */
interface Nodes {
  /** `key` decides where it goes. */
  readonly send: (key: string, ...words: Words) => Promise<unknown>;
  readonly transaction: (key: string, commands: readonly Words[]) => Promise<unknown>;
  readonly subscribe: (channel: string, onMessage: (message: string) => void) => Promise<unknown>;
  readonly close: () => void;
}

interface Client {
  readonly name: string;
  readonly cluster: (at: Where) => Promise<Nodes>;
  readonly sentinel: (at: Where, master: string) => Promise<Nodes>;
}

function ofIoredis(client: Redis | Cluster): Nodes {
  client.on('error', () => undefined);
  return {
    send: (_key, command = '', ...rest) => client.call(command, ...rest),
    transaction: async (_key, commands) => (await client.multi(commands.map(([command = '', ...rest]) => [command.toLowerCase(), ...rest])).exec())?.map(([error, value]) => (error ? { error: error.message } : value)) ?? null,
    subscribe: (channel, onMessage) => {
      client.on('message', (_from: string, message: string) => onMessage(message));
      return client.subscribe(channel);
    },
    close: () => client.disconnect(),
  };
}

const ioredis: Client = {
  name: 'ioredis',
  cluster: async ({ host, port }) => ofIoredis(new Cluster([{ host, port }], { clusterRetryStrategy: () => null, maxRedirections: 4, redisOptions: { maxRetriesPerRequest: 1 } })),
  sentinel: async ({ host, port }, name) => ofIoredis(new Redis({ sentinels: [{ host, port }], name, maxRetriesPerRequest: 0, sentinelRetryStrategy: () => null, retryStrategy: () => null })),
};

function nodeRedis(RESP: 2 | 3): Client {
  return {
    name: `node-redis, RESP${RESP}`,
    cluster: async ({ url }) => {
      const client = createCluster({ rootNodes: [{ url }], RESP, defaults: { socket: { reconnectStrategy: false } } });
      client.on('error', () => undefined);
      await client.connect();
      return {
        send: (key, ...words) => client.sendCommand(key, false, [...words]),
        transaction: (key, commands) => commands.reduce((multi, one) => multi.addCommand(key, false, [...one]), client.multi()).exec(),
        subscribe: (channel, onMessage) => client.subscribe(channel, (message) => onMessage(message)),
        close: () => client.destroy(),
      };
    },
    sentinel: async ({ host, port }, name) => {
      const client = createSentinel({ name, RESP, maxCommandRediscovers: 1, sentinelRootNodes: [{ host, port }], nodeClientOptions: { socket: { reconnectStrategy: false } } });
      client.on('error', () => undefined);
      await client.connect();
      return {
        send: (_key, ...words) => client.sendCommand(false, [...words]),
        transaction: (_key, commands) => commands.reduce((multi, one) => multi.addCommand(false, [...one]), client.multi()).exec(),
        subscribe: (channel, onMessage) => client.subscribe(channel, (message) => onMessage(message)),
        close: () => void client.destroy(),
      };
    },
  };
}

interface Behaviour {
  readonly name: string;
  readonly serve: Scenario['serve'];
  readonly ask: (client: Client, at: Where) => Promise<unknown>;
}

async function using(nodes: Promise<Nodes>, use: (nodes: Nodes) => Promise<unknown>): Promise<unknown> {
  return outcomeOf(async () => {
    const open = await nodes;
    try {
      return await use(open);
    } finally {
      open.close();
    }
  });
}

function cluster(name: string, use: (nodes: Nodes, each: readonly Redis[]) => Promise<unknown>): Behaviour {
  return {
    name: `cluster: ${name}`,
    serve: ({ redisCluster }) => redisCluster(),
    ask: (client, at) =>
      using(client.cluster(at), async (nodes) => {
        const first = new Redis(at.port, at.host);
        const slots = (await first.call('CLUSTER', 'SLOTS')) as readonly (readonly [number, number, readonly [string, number]])[];
        const others = slots.toSorted(([a], [b]) => a - b).slice(1).map(([, , [host, port]]) => new Redis(port, host));
        try {
          return await use(nodes, [first, ...others]);
        } finally {
          for (const one of [first, ...others]) one.disconnect();
        }
      }),
  };
}

function sentinel(name: string, use: (nodes: Nodes) => Promise<unknown>, master = 'main'): Behaviour {
  return { name: `sentinel: ${name}`, serve: ({ redisSentinel }) => redisSentinel(), ask: (client, at) => using(client.sentinel(at, master), use) };
}

/** The slot of the key `a`; the last node has it. */
const SLOT = '15495';

async function idsOf(each: readonly Redis[]): Promise<readonly string[]> {
  return Promise.all(each.map(async (node) => String(await node.call('CLUSTER', 'MYID'))));
}

const BEHAVIOURS: readonly Behaviour[] = [
  cluster('keys on every node', async (nodes) => {
    const seen: unknown[] = [];
    for (const key of ['a', 'b', 'c', 'd', 'e']) seen.push(await nodes.send(key, 'SET', key, `value of ${key}`), await nodes.send(key, 'GET', key));
    return seen;
  }),
  cluster('keys on every node at once', (nodes) => Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map((key) => nodes.send(key, 'INCR', key)))),
  cluster('keys of different slots in one command', (nodes) => outcomeOf(() => nodes.send('a', 'MSET', 'a', '1', 'b', '2'))),
  cluster('keys that belong together', (nodes) => nodes.transaction('{t}a', [['SET', '{t}a', '1'], ['INCR', '{t}a'], ['SET', '{t}b', '2']])),
  cluster('a slot that has moved', async (nodes, each) => {
    const seen = [await nodes.send('b', 'SET', 'b', '1')];
    const [id = ''] = await idsOf(each);
    for (const node of each) await node.call('CLUSTER', 'SETSLOT', SLOT, 'NODE', id);
    return [...seen, await nodes.send('a', 'SET', 'a', 'moved'), await nodes.send('a', 'GET', 'a'), await each[0]?.call('GET', 'a')];
  }),
  cluster('a slot that is just moving', async (nodes, each) => {
    const [first, , last] = each;
    const [id = '', , lastId = ''] = await idsOf(each);
    const seen = [await nodes.send('{a}1', 'SET', '{a}1', 'stays')];
    await first?.call('CLUSTER', 'SETSLOT', SLOT, 'IMPORTING', lastId);
    await last?.call('CLUSTER', 'SETSLOT', SLOT, 'MIGRATING', id);
    return [...seen, await nodes.send('{a}2', 'SET', '{a}2', 'goes'), await nodes.send('{a}1', 'GET', '{a}1'), await nodes.send('{a}2', 'GET', '{a}2')];
  }),
  cluster('a slot that nobody has', async (nodes, each) => {
    for (const node of each) await node.call('CLUSTER', 'DELSLOTS', SLOT);
    await pause(200);
    return outcomeOf(() => nodes.send('a', 'GET', 'a'));
  }),
  cluster('messages', async (nodes, each) => {
    const messages: string[] = [];
    await nodes.subscribe('news', (message) => messages.push(message));
    await each[1]?.publish('news', 'one');
    await pause(300);
    return messages;
  }),
  cluster('a script', async (nodes) => [await outcomeOf(() => nodes.send('a', 'EVALSHA', 'f'.repeat(40), '1', 'a')), await nodes.send('a', 'EVAL', 'return KEYS[1]', '1', 'a')]),
  sentinel('what its master has', async (nodes) => [await nodes.send('a', 'SET', 'a', '1'), await nodes.send('a', 'INCR', 'a'), await nodes.transaction('a', [['INCR', 'a'], ['GET', 'a']])]),
  sentinel('a command that fails', async (nodes) => [await nodes.send('a', 'SET', 'a', 'x'), await outcomeOf(() => nodes.send('a', 'INCR', 'a'))]),
];

export const scenarios: readonly Scenario[] = [ioredis, nodeRedis(2), nodeRedis(3)].flatMap((client) => BEHAVIOURS.map(({ name, serve, ask }) => ({ name: `${client.name}: ${name}`, serve, ask: (at: Where) => ask(client, at) })));
