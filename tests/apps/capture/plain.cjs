const http = require('node:http');
const upstream = http.createServer((req, res) => res.end('up')).listen(0, '127.0.0.1');
const app = http.createServer((req, res) => {
  const { port } = upstream.address();
  if (req.url === '/throw') throw new TypeError('thrown in a handler');
  fetch(`http://127.0.0.1:${port}/fetched`, { method: 'POST', body: 'sent' }).then((answer) => answer.text()).then(() => {
    http.get({ port, path: '/got', host: '127.0.0.1' }, (answer) => {
      answer.resume().on('end', () => {
        if (req.url === '/late') Promise.reject(new RangeError('rejected in a callback'));
        else res.writeHead(500).end('no');
      });
    });
  });
});
app.listen(0, '127.0.0.1', () => console.log('listening', app.address().port));
