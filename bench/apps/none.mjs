import http from 'node:http';

const server = http.createServer((request, response) => {
  try {
    const order = null;
    response.end(String(order.total));
  } catch (error) {
    console.error(error);
    response.writeHead(500).end();
  }
});
server.listen(Number(process.env.PORT), '127.0.0.1', () => console.log(`listening ${server.address().port}`));
