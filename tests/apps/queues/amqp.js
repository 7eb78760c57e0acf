// Ships orders: messages of AMQP to consumers, and a route that publishes with confirms. STYLE: promises or callbacks.
import { createServer } from 'node:http';

const { STYLE, AMQP_URL, STOCK_URL, PORT } = process.env;

async function reserve(order) {
  const response = await fetch(`${STOCK_URL}/items/${order.item}`);
  const item = await response.json();
  if (item.left < order.count) throw new Error(`only ${item.left} of ${order.item} are left, and ${order.count} were ordered`);
  return item;
}

async function channels() {
  if (STYLE === 'promises') {
    const { default: amqp } = await import('amqplib');
    const connection = await amqp.connect(AMQP_URL);
    connection.on('error', () => undefined);
    return { confirming: await connection.createConfirmChannel(), plain: await connection.createChannel(), fresh: () => connection.createChannel() };
  }
  const { default: amqp } = await import('amqplib/callback_api');
  const called = (run) => new Promise((done, fail) => void run((error, value) => (error ? fail(error) : done(value))));
  const connection = await called((callback) => amqp.connect(AMQP_URL, callback));
  const promised = (channel) => ({
    on: (...all) => channel.on(...all),
    assertExchange: (...all) => called((callback) => channel.assertExchange(...all, callback)),
    assertQueue: (...all) => called((callback) => channel.assertQueue(...all, callback)),
    checkQueue: (queue) => called((callback) => channel.checkQueue(queue, callback)),
    bindQueue: (...all) => called((callback) => channel.bindQueue(...all, {}, callback)),
    consume: (queue, handler, options = {}) => called((callback) => channel.consume(queue, handler, options, callback)),
    publish: (...all) => channel.publish(...all),
    prefetch: (count) => channel.prefetch(count),
    ack: (message) => channel.ack(message),
    nack: (...all) => channel.nack(...all),
    waitForConfirms: () => called((callback) => channel.waitForConfirms(callback)),
  });
  return {
    confirming: promised(await called((callback) => connection.createConfirmChannel(callback))),
    plain: promised(await called((callback) => connection.createChannel(callback))),
    fresh: async () => promised(await called((callback) => connection.createChannel(callback))),
  };
}

const { confirming, plain, fresh } = await channels();
await plain.assertExchange('shop', 'topic', { durable: false });
const { queue } = await plain.assertQueue('', { exclusive: true });
await plain.bindQueue(queue, 'shop', 'order.*');
await plain.prefetch(5);

await plain.consume(queue, async (message) => {
  const order = JSON.parse(message.content.toString());
  try {
    await reserve(order);
    plain.publish('shop', 'reserved', message.content, { correlationId: message.properties.correlationId, headers: { ...message.properties.headers, by: 'queues' } });
    plain.ack(message);
  } catch (error) {
    console.error(error);
    plain.nack(message, false, false);
  }
});

// Nobody catches what goes wrong here.
const { queue: returns } = await plain.assertQueue('returns', { arguments: { 'x-max-length': 10 } });
await plain.consume(returns, async (message) => {
  const { item } = JSON.parse(message.content.toString());
  await reserve({ item, count: 0 });
  if (item === 'kettle') throw new TypeError(`nobody takes ${item}s back`);
  plain.ack(message);
});

const server = createServer(async (request, response) => {
  try {
    if (request.url === '/missing') {
      const channel = await fresh();
      channel.on('error', () => undefined);
      await channel.checkQueue('nowhere');
    }
    confirming.publish('', request.url.slice(1), Buffer.from(JSON.stringify({ from: request.url })), { persistent: true });
    await confirming.waitForConfirms();
    response.end('sent');
  } catch (error) {
    console.error(error);
    response.writeHead(500).end(`${error.name}: ${error.message}`);
  }
});
server.listen(Number(PORT), '127.0.0.1', () => console.log('queues is listening'));
