// Requests by the undici of npm, to an upstream in the same process.
import http from 'node:http';
import { gzipSync } from 'node:zlib';
import { fetch, request } from 'undici';

const upstream = http.createServer((req, res) => {
  const parts = [];
  req.on('data', (part) => parts.push(part));
  req.on('end', () => {
    if (req.url === '/gzip') res.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync('hello'));
    else res.writeHead(200, { 'X-Up': 'one' }).end(`echo:${Buffer.concat(parts).toString()}`);
  });
});
await new Promise((resolve) => upstream.listen(0, '127.0.0.1', resolve));
const up = `http://127.0.0.1:${upstream.address().port}`;
async function* streamed() {
  yield Buffer.from('in ');
  yield Buffer.from('parts');
}
const app = http.createServer(async (req, res) => {
  await (await request(`${up}/buffer`, { method: 'POST', body: 'whole' })).body.text();
  await (await request(`${up}/stream`, { method: 'POST', body: streamed() })).body.text();
  await (await fetch(`${up}/gzip`)).text();
  res.statusCode = 500;
  res.end();
});
app.listen(0, '127.0.0.1', () => console.log('listening', app.address().port));
