// An HTTPS server that asks HTTPS upstreams: one in order, one with a certificate nobody trusts.
import https from 'node:https';

const { KEY: key, CERT: cert, BAD_KEY, BAD_CERT } = process.env;
const listen = (server) => new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)));
const good = await listen(https.createServer({ key, cert }, (req, res) => res.end('good')));
const bad = await listen(https.createServer({ key: BAD_KEY, cert: BAD_CERT }, (req, res) => res.end('bad')));
const get = (port) => new Promise((resolve) => {
  https.get(`https://127.0.0.1:${port}/by-http`, (res) => res.resume().on('end', resolve)).on('error', resolve);
});
const app = https.createServer({ key, cert }, async (req, res) => {
  await get(good);
  await get(good);
  await get(bad);
  await fetch(`https://127.0.0.1:${good}/by-fetch`).then((answer) => answer.text());
  await fetch(`https://127.0.0.1:${bad}/by-fetch`).catch(() => {});
  res.statusCode = 500;
  res.end('no');
});
console.log('listening', await listen(app));
