/** What this service asks of the outside goes over protocols that no instrumentation knows. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import memjs from 'memjs';
import mqtt from 'mqtt';
import nodemailer from 'nodemailer';

const { PORT, SMTP_PORT, SMTP_PASSWORD, MEMCACHED, MQTT_PORT, MQTT_PASSWORD, LINE_PORT } = process.env;
const cache = memjs.Client.create(MEMCACHED, { timeout: 2, retries: 0 });
const broker = mqtt.connect({ host: '127.0.0.1', port: Number(MQTT_PORT), clientId: 'raw', username: 'raw', password: MQTT_PASSWORD, messageIdProvider: new mqtt.UniqueMessageIdProvider(), reconnectPeriod: 0, keepalive: 600 });
await new Promise((resolve) => broker.once('connect', resolve));

/** Asks one line, and hears lines until `END` or the end. */
function ask(question) {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(LINE_PORT), '127.0.0.1');
    let heard = '';
    socket.setEncoding('latin1').on('data', (text) => (heard += text)).on('error', reject).on('close', () => resolve(heard));
    socket.write(`ASK ${question} AT ${new Date().toISOString()}\r\n`);
  });
}

let kept;
/** Over one connection, which the first request makes. */
async function askKept(name) {
  if (!kept) {
    kept = connect(Number(LINE_PORT), '127.0.0.1').setEncoding('latin1');
    kept.write('HELLO\r\n');
    await once(kept, 'data');
  }
  kept.write(`GET ${name}\r\n`);
  const [line] = await once(kept, 'data');
  return line;
}

const routes = {
  async '/kept'(query) {
    const line = await askKept(query.get('name'));
    return line.split(' = ')[1].trim();
  },
  async '/mail'(query) {
    const transport = nodemailer.createTransport({ host: '127.0.0.1', port: Number(SMTP_PORT), tls: { rejectUnauthorized: false }, auth: { user: 'shop', pass: SMTP_PASSWORD } });
    const { response } = await transport.sendMail({ from: 'shop@example.com', to: query.get('to'), subject: 'Your order', text: 'It is on its way.', html: '<p>It is on its way.</p>' });
    return response;
  },
  async '/stock'(query) {
    const { value } = await cache.get(`stock:${query.get('article')}`);
    const { pieces } = JSON.parse(String(value));
    return `${pieces.toFixed(0)} pieces`;
  },
  async '/line'(query) {
    const heard = await ask(query.get('q'));
    if (!heard.endsWith('END\r\n')) throw new Error(`unfinished: ${heard}`);
    return heard;
  },
  async '/publish'(query) {
    const answer = new Promise((resolve) => broker.once('message', (_, payload) => resolve(JSON.parse(String(payload)))));
    await broker.publishAsync('orders/asked', query.get('order'));
    const { state } = await answer;
    if (state !== 'paid') throw new Error(`order ${query.get('order')} is ${state}`);
    return state;
  },
};

await broker.subscribeAsync('orders/told');
const server = createServer((request, response) => {
  const url = new URL(request.url, 'http://localhost');
  routes[url.pathname](url.searchParams).then(
    (text) => response.end(text),
    (error) => {
      console.error(error);
      response.writeHead(500).end('sorry');
    },
  );
});
server.listen(Number(PORT), () => console.log('raw is listening'));
