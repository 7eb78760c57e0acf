/** A service that cannot read an object which it has got. */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';

async function film() {
  const bytes = Buffer.from(await (await fetch(`${process.env.UPSTREAM}/films/7`)).arrayBuffer());
  throw new Error(`no film in ${bytes.length} bytes, ${createHash('sha256').update(bytes).digest('hex')}`);
}

createServer((request, response) => {
  film().catch((error) => {
    console.error(error);
    response.writeHead(500).end('sorry');
  });
}).listen(Number(process.env.PORT), '127.0.0.1', () => console.log('the service is listening'));
