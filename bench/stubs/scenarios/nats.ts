import type { Socket } from 'node:net';
import type * as Nats from 'nats';
import type { Scenario, Servers, Where } from '../scenario.ts';
import { outcomeOf, pause, timingClass } from '../seen.ts';

/** What the two generations of the client have in common, as far as it is used here. */
type Connection = Nats.NatsConnection;
type Library = Pick<typeof Nats, 'connect' | 'headers'>;

interface Client {
  readonly name: string;
  load(): Promise<Library>;
  jetstream(connection: Connection): Promise<{ readonly js: Nats.JetStreamClient; readonly manager: Nats.JetStreamManager }>;
}

const CLIENTS: readonly Client[] = [
  { name: 'nats', load: () => import('nats'), jetstream: async (connection) => ({ js: connection.jetstream(), manager: await connection.jetstreamManager() }) },
  {
    name: '@nats-io/transport-node',
    load: async () => (await import('@nats-io/transport-node')) as unknown as Library,
    jetstream: async (connection) => {
      const { jetstream, jetstreamManager } = await import('@nats-io/jetstream');
      const core = connection as unknown as Parameters<typeof jetstream>[0];
      return { js: jetstream(core) as unknown as Nats.JetStreamClient, manager: (await jetstreamManager(core)) as unknown as Nats.JetStreamManager };
    },
  },
];

interface Asking {
  readonly connection: Connection;
  readonly library: Library;
  readonly client: Client;
}

interface Behaviour {
  readonly name: string;
  readonly serve: Scenario['serve'];
  readonly ask: (asking: Asking) => Promise<unknown>;
  readonly options?: Partial<Nats.ConnectionOptions>;
}

/** A server with somebody else at it: it answers `echo` and `slow`, counts on `many`, and publishes to `news` when it is asked to by `start`. */
async function answered({ nats, defer }: Servers): Promise<Where> {
  const at = await nats();
  const { connect } = await import('nats');
  const other = await connect({ servers: at.url });
  defer(() => other.close());
  const reply = (subject: string, answer: (message: Nats.Msg) => void): void => void other.subscribe(subject, { callback: (_error, message) => answer(message) });
  reply('echo', (message) => void message.respond(message.data, message.headers ? { headers: message.headers } : {}));
  reply('slow', (message) => void pause().then(() => message.respond('late')));
  reply('silent', () => undefined);
  reply('many', (message) => ['one', 'two', 'three', ''].forEach((text) => message.respond(text)));
  reply('start', () => ['first', 'second'].forEach((text) => other.publish('news.today', text)));
  const manager = await other.jetstreamManager();
  await manager.streams.add({ name: 'JOBS', subjects: ['jobs.*'] });
  await manager.consumers.add('JOBS', { durable_name: 'worker' });
  await other.jetstream().publish('jobs.first', 'there before');
  return at;
}

/** A server that says what it wants, once the client is in. */
function saying(onLine: (socket: Socket, line: string) => void): Scenario['serve'] {
  return async ({ raw }) => {
    const at = await raw((socket) => {
      socket.on('error', () => undefined);
      socket.write('INFO {"server_id":"x","version":"2.9.10","proto":1,"headers":true,"max_payload":1000}\r\n');
      socket.on('data', (bytes) => {
        for (const line of bytes.toString().split('\r\n')) {
          if (line === 'PING') socket.write('PONG\r\n');
          else onLine(socket, line);
        }
      });
    });
    return { ...at, url: `nats://${at.host}:${at.port}` };
  };
}

const text = (message: Nats.Msg | Nats.JsMsg): string => Buffer.from(message.data).toString();

function ask(name: string, asking: Behaviour['ask'], serve: Scenario['serve'] = answered, options: Behaviour['options'] = {}): Behaviour {
  return { name, serve, ask: asking, options };
}

const BEHAVIOURS: readonly Behaviour[] = [
  ask('a request', async ({ connection }) => text(await connection.request('echo', 'hello'))),
  ask('a request with headers', async ({ connection, library }) => {
    const headers = library.headers();
    headers.set('Trace', '7');
    headers.append('trace', 'ü');
    const answer = await connection.request('echo', '', { headers, timeout: 1000 });
    return [...(answer.headers ?? [])].map(([name, values]) => [name, [...values]]);
  }),
  ask('requests at once', async ({ connection }) => (await Promise.all(Array.from({ length: 10 }, (_, index) => connection.request('echo', String(index))))).map(text)),
  ask('a request without the shared inbox', async ({ connection }) => text(await connection.request('echo', 'own', { noMux: true, timeout: 1000 }))),
  ask('nobody answers', ({ connection }) => connection.request('nobody', '')),
  ask('an answer that takes its time', async ({ connection }) => text(await connection.request('slow', '', { timeout: 2000 }))),
  ask('an answer that never comes', ({ connection }) => connection.request('silent', '', { timeout: 500 })),
  ask('several answers', async ({ connection }) => {
    const seen: string[] = [];
    for await (const message of await connection.requestMany('many', '', { maxWait: 1000, strategy: 'sentinel' as Nats.RequestStrategy })) seen.push(text(message));
    return seen;
  }),
  ask('bytes', async ({ connection }) => [...(await connection.request('echo', new Uint8Array([0, 13, 10, 255]))).data]),
  ask('a message of 200 KB', async ({ connection }) => (await connection.request('echo', 'abcd'.repeat(50_000))).data.length),
  ask('a message that is too large', async ({ connection }) => connection.publish('echo', 'x'.repeat(2_000_000))),
  ask('publishing', async ({ connection }) => {
    connection.publish('news.mine', 'one');
    connection.publish('news.mine', JSON.stringify({ two: 2 }));
    await connection.flush();
    return connection.stats().outMsgs;
  }),
  ask('messages of a subscription', async ({ connection }) => {
    const subscription = connection.subscribe('news.*', { max: 2 });
    connection.publish('start');
    const seen: unknown[] = [];
    for await (const message of subscription) seen.push([message.subject, text(message)]);
    return seen;
  }),
  ask('messages to a callback in a group', async ({ connection }) => {
    const seen: string[] = [];
    connection.subscribe('news.>', { queue: 'readers', callback: (_error, message) => void seen.push(text(message)) });
    connection.publish('start');
    await pause();
    return seen;
  }),
  ask('publishing to a stream', async ({ connection, client }) => {
    const { js } = await client.jetstream(connection);
    const { stream, seq, duplicate } = await js.publish('jobs.next', 'work');
    return { stream, seq, duplicate };
  }),
  ask('publishing to no stream', async ({ connection, client }) => (await client.jetstream(connection)).js.publish('nowhere.at.all', '')),
  ask('publishing out of order', async ({ connection, client }) => (await client.jetstream(connection)).js.publish('jobs.next', '', { expect: { lastSequence: 99 } })),
  ask('a stream that is not there', async ({ connection, client }) => (await client.jetstream(connection)).manager.streams.info('NOTHING')),
  ask('taking messages of a consumer', async ({ connection, client }) => {
    const { js } = await client.jetstream(connection);
    const consumer = await js.consumers.get('JOBS', 'worker');
    const message = await consumer.next({ expires: 2000 });
    await message?.ackAck();
    const none = await consumer.next({ expires: 1000 });
    return [message && text(message), none];
  }),
  ask('nothing listens', () => Promise.resolve(), ({ closed }) => closed()),
  ask('a password that is missing', () => Promise.resolve(), ({ nats }) => nats(['--user', 'ann', '--pass', 'secret'])),
  ask('what may not be published', async ({ connection }) => {
    connection.publish('secret', 'x');
    await connection.flush();
    return connection.request('secret.too', '', { timeout: 500 });
  }, saying((socket, line) => {
    const subject = /^H?PUB (\S+)/.exec(line)?.[1];
    if (subject !== undefined) socket.write(`-ERR 'Permissions Violation for Publish to "${subject}"'\r\n`);
  })),
  ask('an end instead of an answer', ({ connection }) => connection.request('echo', '', { timeout: 800 }), saying((socket, line) => void (line.startsWith('PUB') && socket.end())), { reconnect: false }),
  ask('a reset instead of an answer', ({ connection }) => connection.request('echo', '', { timeout: 800 }), saying((socket, line) => void (line.startsWith('PUB') && socket.resetAndDestroy())), { reconnect: false }),
  ask('a server that takes the client for dead', async ({ connection }) => {
    const closed = connection.closed();
    connection.publish('echo', '');
    return await closed;
  }, saying((socket, line) => void (line.startsWith('PUB') && socket.end("-ERR 'Stale Connection'\r\n"))), { reconnect: false }),
];

async function asked(client: Client, { ask: use, options }: Behaviour, at: Where): Promise<unknown> {
  return await outcomeOf(async () => {
    const library = await client.load();
    // The clients look names up by themselves, and go through all addresses.
    const connection = await library.connect({ servers: `${at.host === 'localhost' ? '127.0.0.1' : at.host}:${at.port}`, maxReconnectAttempts: 0, ...options });
    const began = performance.now();
    try {
      const outcome = await outcomeOf(() => use({ connection, library, client }));
      return { outcome, took: timingClass(performance.now() - began) };
    } finally {
      await connection.close();
    }
  });
}

export const scenarios: readonly Scenario[] = CLIENTS.flatMap((client) =>
  BEHAVIOURS.map((behaviour) => ({ name: `${client.name}: ${behaviour.name}`, serve: behaviour.serve, ask: (at: Where) => asked(client, behaviour, at) })),
);
