// A service with a library that cleans up before its process ends: where nobody else handles the signal, the process dies of it.
import http from 'node:http';

process.on('SIGTERM', function end() {
  if (process.listenerCount('SIGTERM') !== 1) return;
  process.off('SIGTERM', end);
  process.kill(process.pid, 'SIGTERM');
});
const server = http.createServer((_, response) => response.writeHead(500).end('broken'));
server.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));
