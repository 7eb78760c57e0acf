import { type Channel, type ChannelModel, connect, type ConfirmChannel, type ConsumeMessage, type GetMessage } from 'amqplib';
import type { Socket } from 'node:net';
import type { Scenario, Servers, Where } from '../scenario.ts';
import { outcomeOf, pause, seenBytes, seenError, timingClass } from '../seen.ts';

interface Asking {
  readonly connection: ChannelModel;
  readonly channel: Channel;
  readonly confirming: ConfirmChannel;
}

interface Behaviour {
  readonly name: string;
  readonly ask: (asking: Asking) => Promise<unknown>;
  /** Beside RabbitMQ itself. */
  readonly serve?: (servers: Servers) => Promise<Where>;
  readonly url?: (at: Where) => string;
}

const rabbit: Scenario['serve'] = ({ rabbit: start }) => start();

/** With somebody else at it, who answers what comes to this queue and sends it back to whom it says. */
function withEcho(queue: string): Scenario['serve'] {
  return async (servers) => {
    const at = await rabbit(servers);
    const other = await connect(at.url);
    servers.defer(() => other.close());
    const channel = await other.createChannel();
    await channel.assertQueue(queue, { autoDelete: true });
    await channel.consume(queue, (message) => {
      if (message) channel.sendToQueue(String(message.properties.replyTo), message.content, { correlationId: String(message.properties.correlationId), headers: { seen: 1 } });
    }, { noAck: true });
    return at;
  };
}

/** A server that does this as soon as anything is published, or a connection is opened. */
function breaking(what: (socket: Socket) => void): Scenario['serve'] {
  return async ({ raw }) => {
    const at = await raw((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => what(socket));
    });
    return { ...at, url: `amqp://${at.host}:${at.port}` };
  };
}

const seen = (message: Pick<ConsumeMessage | GetMessage, 'fields' | 'properties' | 'content'> | false | null): unknown =>
  message && { exchange: message.fields.exchange, key: message.fields.routingKey, redelivered: message.fields.redelivered, content: seenBytes(message.content), headers: message.properties.headers ?? null, type: message.properties.contentType as unknown };

/** The next messages of a queue, acknowledged. */
async function consumed(channel: Channel, queue: string, count: number, handle: (message: ConsumeMessage) => void): Promise<readonly unknown[]> {
  const all: unknown[] = [];
  await new Promise<void>((done, fail) => {
    channel.consume(queue, (message) => {
      all.push(seen(message));
      if (message) handle(message);
      if (all.length === count) done();
    }).catch(fail);
  });
  return all;
}

async function closing(channel: Channel, cause: () => unknown): Promise<unknown> {
  const closed = new Promise((done) => channel.once('error', (error) => done(seenError(error))));
  cause();
  return await closed;
}

const BEHAVIOURS: readonly Behaviour[] = [
  { name: 'a queue, declared and looked at', ask: async ({ channel }) => [await channel.assertQueue('b-plain', { durable: false }), await channel.checkQueue('b-plain'), await channel.purgeQueue('b-plain'), await channel.deleteQueue('b-plain')] },
  { name: 'a queue that the broker names', ask: async ({ channel }) => (await channel.assertQueue('', { exclusive: true, arguments: { 'x-expires': 60_000 } })).queue.startsWith('amq.gen-') },
  {
    name: 'exchanges and bindings',
    ask: async ({ channel }) => {
      await channel.assertExchange('b-from', 'topic', { durable: false, autoDelete: true });
      await channel.assertExchange('b-to', 'fanout', { durable: false, autoDelete: true });
      await channel.bindExchange('b-to', 'b-from', 'a.#');
      const { queue } = await channel.assertQueue('b-bound', { durable: false, autoDelete: true });
      await channel.bindQueue(queue, 'b-to', '');
      channel.publish('b-from', 'a.b.c', Buffer.from('through both'), { contentType: 'text/plain', headers: { n: 1, text: 'ü', list: [1, 'two'], yes: true, inner: { part: 0.5 } } });
      return await consumed(channel, queue, 1, (message) => channel.ack(message));
    },
  },
  { name: 'taking a message, and then none', ask: async ({ channel }) => {
    await channel.assertQueue('b-get', { durable: false });
    channel.sendToQueue('b-get', Buffer.from([0, 1, 255]), { priority: 3, messageId: 'm1', timestamp: 1_700_000_000 });
    await pause(50);
    const message = await channel.get('b-get');
    if (message) channel.ack(message);
    return [seen(message), await channel.get('b-get'), (await channel.deleteQueue('b-get')).messageCount];
  } },
  { name: 'a confirmed message', ask: async ({ confirming }) => {
    await confirming.assertQueue('b-confirmed', { durable: false, autoDelete: true });
    confirming.sendToQueue('b-confirmed', Buffer.from('one'));
    return await confirming.waitForConfirms();
  } },
  { name: 'many confirmed messages', ask: async ({ confirming }) => {
    await confirming.assertQueue('b-many', { durable: false });
    for (let index = 0; index < 50; index++) confirming.sendToQueue('b-many', Buffer.from(String(index)));
    await confirming.waitForConfirms();
    return (await confirming.deleteQueue('b-many')).messageCount;
  } },
  { name: 'a message that is refused', ask: async ({ confirming }) => {
    await confirming.assertQueue('b-full', { durable: false, arguments: { 'x-max-length': 0, 'x-overflow': 'reject-publish' } });
    confirming.sendToQueue('b-full', Buffer.from('no room'));
    return await outcomeOf(() => confirming.waitForConfirms());
  } },
  { name: 'a message that comes back', ask: async ({ confirming }) => {
    const back = new Promise((done) => confirming.once('return', (message: ConsumeMessage & { readonly fields: object }) => done([seen(message), Reflect.get(message.fields, 'replyCode'), Reflect.get(message.fields, 'replyText')])));
    confirming.publish('', 'b-nowhere', Buffer.from('lost'), { mandatory: true });
    await confirming.waitForConfirms();
    return await back;
  } },
  { name: 'a message of 300 KB', ask: async ({ channel }) => {
    await channel.assertQueue('b-large', { durable: false, autoDelete: true });
    channel.sendToQueue('b-large', Buffer.from('abcd'.repeat(75_000)));
    return await consumed(channel, 'b-large', 1, (message) => channel.ack(message));
  } },
  { name: 'a message that is given back and comes again', ask: async ({ channel }) => {
    await channel.assertQueue('b-again', { durable: false, autoDelete: true });
    channel.sendToQueue('b-again', Buffer.from('again'));
    return await consumed(channel, 'b-again', 2, (message) => (message.fields.redelivered ? channel.ack(message) : channel.nack(message, false, true)));
  } },
  { name: 'a question over queues', serve: withEcho('b-echo'), ask: async ({ channel }) => {
    const { queue } = await channel.assertQueue('', { exclusive: true });
    const answer = consumed(channel, queue, 1, (message) => channel.ack(message));
    channel.sendToQueue('b-echo', Buffer.from('hello'), { correlationId: 'c1', replyTo: queue });
    return await answer;
  } },
  { name: 'a queue that is not there', ask: ({ channel }) => {
    channel.on('error', () => undefined);
    return outcomeOf(() => channel.checkQueue('b-missing'));
  } },
  { name: 'a queue that is another one', ask: async ({ channel }) => {
    channel.on('error', () => undefined);
    await channel.assertQueue('b-other', { durable: false, autoDelete: true });
    return await outcomeOf(() => channel.assertQueue('b-other', { durable: true }));
  } },
  { name: 'an exchange that is not there', ask: ({ channel }) => closing(channel, () => channel.publish('b-missing', '', Buffer.from('x'))) },
  { name: 'a message that nobody has', ask: ({ channel }) => closing(channel, () => channel.ack({ fields: { deliveryTag: 99 } } as ConsumeMessage)) },
  { name: 'a channel that is closed', ask: async ({ channel }) => {
    await channel.close();
    return await outcomeOf(() => Promise.resolve(channel.sendToQueue('b-any', Buffer.from('x'))));
  } },
  { name: 'a wrong password', url: ({ host, port }) => `amqp://guest:wrong@${host}:${port}`, ask: () => Promise.resolve() },
  { name: 'a host that is not there', url: ({ host, port }) => `amqp://${host}:${port}/nowhere`, ask: () => Promise.resolve() },
  { name: 'nothing listens', serve: async ({ closed }) => {
    const { port } = await closed();
    return { host: '127.0.0.1', port, url: `amqp://127.0.0.1:${port}` };
  }, ask: () => Promise.resolve() },
  { name: 'an end instead of a greeting', serve: breaking((socket) => socket.end()), ask: () => Promise.resolve() },
  { name: 'a reset instead of a greeting', serve: breaking((socket) => socket.resetAndDestroy()), ask: () => Promise.resolve() },
];

async function asked({ ask: use, url = ({ url: own }) => own }: Behaviour, at: Where): Promise<unknown> {
  return await outcomeOf(async () => {
    const connection = await connect(url(at));
    connection.on('error', () => undefined);
    const [channel, confirming] = [await connection.createChannel(), await connection.createConfirmChannel()];
    const began = performance.now();
    try {
      const outcome = await outcomeOf(() => use({ connection, channel, confirming }));
      return { outcome, took: timingClass(performance.now() - began) };
    } finally {
      await connection.close();
    }
  });
}

export const scenarios: readonly Scenario[] = BEHAVIOURS.map((behaviour) => ({ name: `amqplib: ${behaviour.name}`, serve: behaviour.serve ?? rabbit, ask: (at: Where) => asked(behaviour, at) }));
