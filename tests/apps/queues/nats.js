// Ships orders: messages of NATS and JetStream, and a route that asks another service over NATS. CLIENT names the client library.
import { createServer } from 'node:http';

const { CLIENT, NATS_PORT, STOCK_URL, PORT } = process.env;
const { connect, headers } = await import(CLIENT);
const nc = await connect({ servers: `127.0.0.1:${NATS_PORT}` });
const js = CLIENT === 'nats' ? nc.jetstream() : (await import('@nats-io/jetstream')).jetstream(nc);

async function reserve(order) {
  const response = await fetch(`${STOCK_URL}/items/${order.item}`);
  const item = await response.json();
  if (item.left < order.count) throw new Error(`only ${item.left} of ${order.item} are left, and ${order.count} were ordered`);
  return item;
}

// A callback.
nc.subscribe('orders.new', {
  queue: 'shipping',
  callback: async (error, message) => {
    if (error) throw error;
    const order = message.json();
    await reserve(order);
    nc.publish('orders.reserved', JSON.stringify(order), { headers: tracing(message) });
  },
});

function tracing(message) {
  const list = headers();
  list.set('trace', message.headers?.get('trace') ?? 'none');
  return list;
}

// A loop; what it cannot do is given back to the stream.
async function returns() {
  const consumer = await js.consumers.get('RETURNS', 'worker');
  for await (const message of await consumer.consume()) {
    try {
      const { item } = message.json();
      nc.publish(`stock.${item}.back`, message.data);
      if (item === 'kettle') throw new TypeError(`nobody takes ${item}s back`);
      message.ack();
    } catch (error) {
      console.error(error);
      message.nak();
    }
  }
}
void returns();

const server = createServer(async (request, response) => {
  try {
    const answer = await nc.request('prices.get', JSON.stringify({ item: request.url.slice(1) }), { timeout: 1000 });
    const { price } = answer.json();
    if (price <= 0) throw new RangeError(`a price of ${price}`);
    response.end(String(price));
  } catch (error) {
    console.error(error);
    response.writeHead(500).end(`${error.name}: ${error.message}`);
  }
});
server.listen(Number(PORT), '127.0.0.1', () => console.log('queues is listening'));
