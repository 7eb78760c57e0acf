import http from 'node:http';
const upstream = http.createServer((req, res) => res.end('settings')).listen(0, '127.0.0.1');
await new Promise((resolve) => upstream.once('listening', resolve));
const text = await (await fetch(`http://127.0.0.1:${upstream.address().port}/settings`)).text();
JSON.parse(text);
