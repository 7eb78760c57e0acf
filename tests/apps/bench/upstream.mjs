import http from 'node:http';

const server = http.createServer((req, res) => {
  res.setHeader('Content-Type', 'application/json');
  res.end('{"price":7}');
});
server.listen(0, '127.0.0.1', () => console.log('listening', server.address().port));
