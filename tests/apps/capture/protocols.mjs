// Answers 500 after one exchange over HTTP/2 and one over each kind of WebSocket, with servers of its own.
import { createServer } from 'node:http';
import { connect, createServer as createHttp2 } from 'node:http2';
import { WebSocketServer, WebSocket as Ws } from 'ws';

const stock = createHttp2();
stock.on('stream', (stream) => {
  stream.respond({ ':status': 200, 'content-type': 'application/json' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '7' }));
  stream.end('{"left":3}');
});
stock.listen(0, '127.0.0.1');

const news = createServer();
new WebSocketServer({ server: news }).on('connection', (socket) => {
  socket.on('message', (text) => {
    socket.send(`re: ${text}`);
    socket.close(1000, 'done');
  });
});
news.listen(0, '127.0.0.1');

const overHttp2 = () => new Promise((resolve, reject) => {
  const session = connect(`http://127.0.0.1:${stock.address().port}`);
  const stream = session.request({ ':path': '/left?of=1', ':method': 'POST', authorization: 'Bearer abcdefghijklmnop' });
  stream.on('error', reject);
  stream.on('close', () => session.close(resolve));
  stream.resume();
  stream.end('{"password":"correct horse"}');
});

const overWebSocket = (Kind) => new Promise((resolve) => {
  const socket = new Kind(`ws://127.0.0.1:${news.address().port}/news`);
  socket.addEventListener('open', () => socket.send('{"password":"battery staple"}'));
  socket.addEventListener('close', resolve);
});

const app = createServer(async (_request, response) => {
  await overHttp2();
  await overWebSocket(Ws);
  if (globalThis.WebSocket) await overWebSocket(globalThis.WebSocket);
  response.writeHead(500).end('no');
});
app.listen(0, '127.0.0.1', () => console.log(`listening ${app.address().port}`));
