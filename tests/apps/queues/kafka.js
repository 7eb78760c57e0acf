// Ships orders: messages of Kafka, one by one and in batches, and a route that writes them.
import { createServer } from 'node:http';
import kafkajs from 'kafkajs';

const { KAFKA_PORT, STOCK_URL, PORT } = process.env;
const kafka = new kafkajs.Kafka({ clientId: 'queues', brokers: [`127.0.0.1:${KAFKA_PORT}`], logLevel: 0, retry: { retries: 2, initialRetryTime: 50 } });

async function reserve(order) {
  const response = await fetch(`${STOCK_URL}/items/${order.item}`);
  const item = await response.json();
  if (item.left < order.count) throw new Error(`only ${item.left} of ${order.item} are left, and ${order.count} were ordered`);
  return item;
}

const producer = kafka.producer();
await producer.connect();

const orders = kafka.consumer({ groupId: 'shipping' });
await orders.connect();
await orders.subscribe({ topics: ['orders'], fromBeginning: true });
await orders.run({
  eachMessage: async ({ message }) => {
    const order = JSON.parse(message.value.toString());
    await reserve(order);
    await producer.send({ topic: 'reserved', messages: [{ key: message.key, value: message.value, headers: { by: 'queues' } }] });
  },
});

const returns = kafka.consumer({ groupId: 'returns' });
await returns.connect();
await returns.subscribe({ topics: ['returns'], fromBeginning: true });
await returns.run({
  eachBatch: async ({ batch, resolveOffset }) => {
    for (const message of batch.messages) {
      if (message.value.toString() === 'kettle') throw new TypeError(`nobody takes kettles back, of ${batch.messages.length}`);
      resolveOffset(message.offset);
    }
  },
});

const server = createServer(async (request, response) => {
  try {
    const value = request.url === '/large' ? 'x'.repeat(60_000) : request.url;
    const [{ baseOffset }] = await producer.send({ topic: 'visits', messages: [{ key: 'visit', value }] });
    response.end(`sent as ${baseOffset}`);
  } catch (error) {
    console.error(error);
    response.writeHead(500).end(`${error.name}: ${error.message}`);
  }
});
server.listen(Number(PORT), '127.0.0.1', () => console.log('queues is listening'));
