// A small JSON service: reads a body, asks an upstream of its own process group, answers. Says on demand what it has used.
import http from 'node:http';

const upstream = Number(process.env.UPSTREAM);
const agent = new http.Agent({ keepAlive: true });
const ask = (path) => new Promise((resolve, reject) => {
  http.get({ host: '127.0.0.1', port: upstream, path, agent }, (res) => {
    let text = '';
    res.on('data', (part) => { text += part; }).on('end', () => resolve(text));
  }).on('error', reject);
});
const app = http.createServer(async (req, res) => {
  if (req.url === '/usage') {
    globalThis.gc?.();
    const { user, system } = process.cpuUsage();
    res.end(JSON.stringify({ cpu: user + system, ...process.memoryUsage() }));
    return;
  }
  const parts = [];
  for await (const part of req) parts.push(part);
  const order = JSON.parse(Buffer.concat(parts).toString());
  const price = upstream ? JSON.parse(await ask('/price')).price : 3;
  res.setHeader('Content-Type', 'application/json');
  res.end(JSON.stringify({ lines: order.lines.map((line) => ({ ...line, total: line.count * price })) }));
});
app.listen(0, '127.0.0.1', () => console.log('listening', app.address().port));
