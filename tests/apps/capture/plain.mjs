// A plain server with an upstream of its own in the same process, reached with every client that Node has.
import http, { request } from 'node:http';
import net from 'node:net';
import { gzipSync } from 'node:zlib';

const upstream = http.createServer((req, res) => {
  const parts = [];
  req.on('data', (part) => parts.push(part));
  req.on('end', () => {
    if (req.url === '/gzip') {
      res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' });
      res.end(gzipSync('{"hello":"world"}'));
    } else if (req.url === '/cut') {
      res.writeHead(200, { 'Content-Length': '1000' });
      res.write('twelve bytes');
      setTimeout(() => res.socket.destroy(), 20);
    } else if (req.url === '/never') {
      // no answer
    } else {
      res.writeHead(201, 'Made', { 'X-Up': 'one', Trailer: 'X-After' });
      res.write('echo:');
      res.addTrailers({ 'X-After': 'done' });
      setTimeout(() => res.end(Buffer.concat(parts)), 5);
    }
  });
});
await new Promise((resolve) => upstream.listen(0, '127.0.0.1', resolve));
const up = upstream.address().port;
const closed = await new Promise((resolve) => {
  const server = net.createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});
await new Promise((resolve, reject) => http.get({ host: '127.0.0.1', port: up, path: '/boot' }, (res) => res.resume().on('end', resolve)).on('error', reject));

const call = (path, body) => new Promise((resolve) => {
  const req = request(`http://127.0.0.1:${up}${path}`, { method: body ? 'POST' : 'GET', headers: { 'X-Mixed-Case': 'a' } }, (res) => {
    let text = '';
    res.on('data', (part) => { text += part; }).on('end', () => resolve(text)).on('error', (error) => resolve(error.code));
  });
  req.on('error', (error) => resolve(error.code));
  req.end(body);
});

const app = http.createServer(async (req, res) => {
  const url = new URL(req.url, 'http://localhost');
  switch (url.pathname) {
    case '/ok': {
      await call('/echo', 'fine');
      res.end('ok');
      break;
    }
    case '/slow':
      await call('/echo', 'slow');
      setTimeout(() => res.end('slow'), 400);
      break;
    case '/http':
      await call('/echo', 'hello');
      await call('/gzip');
      await call('/cut');
      res.writeHead(502, { 'Content-Type': 'text/plain' }).end('bad gateway');
      break;
    case '/fetch': {
      await (await fetch(`http://127.0.0.1:${up}/echo`, { method: 'POST', body: JSON.stringify({ a: 1 }), headers: { 'content-type': 'application/json' } })).text();
      await (await fetch(`http://127.0.0.1:${up}/gzip`)).json();
      await fetch(`http://127.0.0.1:${up}/cut`).then((answer) => answer.text()).catch(() => {});
      await fetch(`http://127.0.0.1:${closed}/`).catch(() => {});
      await fetch(`http://127.0.0.1:${up}/never`, { signal: AbortSignal.timeout(50) }).catch(() => {});
      fetch(`http://127.0.0.1:${up}/never`).catch(() => {});
      res.writeHead(503).end();
      break;
    }
    case '/errors':
      await new Promise((resolve) => request({ host: '127.0.0.1', port: closed }).on('error', resolve).end());
      await new Promise((resolve) => request({ host: 'does-not-exist.invalid', port: 80 }).on('error', resolve).end());
      await new Promise((resolve) => request({ host: '127.0.0.1', port: up, path: '/never', timeout: 50 }).on('timeout', function () { this.destroy(new Error('too slow')); }).on('error', resolve).end());
      res.statusCode = 500;
      res.end();
      break;
    case '/unread': {
      // Nobody reads the body of the request, nor that of the answer.
      http.get(`http://127.0.0.1:${up}/echo`).on('close', () => {
        res.statusCode = 500;
        res.end('unread');
      });
      break;
    }
    case '/body': {
      for await (const _ of req);
      res.statusCode = 500;
      res.end('not good');
      break;
    }
    case '/missing':
      res.statusCode = 404;
      res.end();
      break;
    case '/throw':
      throw new TypeError('thrown in a handler');
    case '/timer':
      setTimeout(() => { throw new RangeError('thrown in a timer'); }, 10);
      break;
    case '/swallowed':
      Promise.reject(new Error('nobody cares'));
      setTimeout(() => res.end('still here'), 30);
      break;
    default:
      res.end();
  }
});
if (process.env.HANDLERS === 'swallow') {
  process.on('uncaughtException', () => {});
  process.on('unhandledRejection', () => {});
}
if (process.env.HANDLERS === 'exit') process.on('uncaughtException', () => process.exit(7));
app.listen(0, '127.0.0.1', () => console.log('listening', app.address().port));
