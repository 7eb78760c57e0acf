/** A service that finds its peers by datagrams, and counts what it does at a server of metrics. */
import { createSocket } from 'node:dgram';
import { createServer } from 'node:http';
import { randomInt } from 'node:crypto';

const { PORT, METRICS_PORT, DIRECTORY_PORT } = process.env;
const metrics = createSocket('udp4');
const count = (text) => metrics.send(text, Number(METRICS_PORT), '127.0.0.1');
count('service.started:1|c');

/** Asks the directory where a name is; three times, for datagrams get lost. */
function locate(name) {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    const id = randomInt(65_536);
    const question = Buffer.concat([Buffer.from([id >> 8, id & 255]), Buffer.from(name)]);
    let tries = 0;
    const ask = () => {
      if (tries++ === 2) {
        socket.close();
        return reject(new Error(`nobody knows where ${name} is`));
      }
      socket.send(question, 0, question.length, Number(DIRECTORY_PORT), '127.0.0.1');
      timer = setTimeout(ask, 60);
    };
    let timer;
    socket.on('message', (bytes) => {
      if (bytes.readUInt16BE(0) !== id) return;
      clearTimeout(timer);
      socket.close();
      resolve(bytes.subarray(2).toString());
    });
    ask();
  });
}

const server = createServer((request, response) => {
  const url = new URL(request.url, 'http://localhost');
  const began = performance.now();
  count('requests:1|c');
  locate(url.searchParams.get('name'))
    .then((place) => {
      if (place.startsWith('!')) throw new Error(`${url.searchParams.get('name')} is ${place.slice(1)}`);
      return place;
    })
    .then(
      (said) => response.end(said),
      (error) => {
        count(`requests.time:${(performance.now() - began).toFixed(3)}|ms`);
        console.error(error);
        response.writeHead(500).end('sorry');
      },
    );
});
server.listen(Number(PORT), () => console.log('datagrams is listening'));
