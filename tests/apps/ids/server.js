/** A service that gives its orders identifiers of its own, which another service sends back. */
import { createServer } from 'node:http';

const UPSTREAM = process.env.UPSTREAM;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-';

function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(21)), (byte) => ALPHABET[byte & 63]).join('');
}

async function order() {
  const [id, attempt] = [newId(), newId()];
  const charge = await (await fetch(`${UPSTREAM}/v1/charges`, { method: 'POST', headers: { 'content-type': 'application/json', 'idempotency-key': attempt }, body: JSON.stringify({ order: id, cents: 500, note: `for ${id}` }) })).json();
  if (charge.order !== id) throw new Error('this charge is for another order');
  const held = await (await fetch(`${UPSTREAM}/v1/orders/${id}?charge=${charge.id}`)).json();
  if (held.order !== id) throw new Error('this is another order');
  throw new Error(`order ${id} is ${held.state}`);
}

createServer((request, response) => {
  order().catch((error) => {
    console.error(error);
    response.writeHead(500).end('sorry');
  });
}).listen(Number(process.env.PORT), '127.0.0.1', () => console.log('ids is listening'));
