import { once } from 'node:events';
import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';

/** Answers a registry's search with gzip, as it may: the proxy asks for it. */
export interface Uplink extends AsyncDisposable {
  readonly port: number;
  /** The request lines that arrived. */
  readonly asked: readonly string[];
}

export async function startUplink(): Promise<Uplink> {
  const asked: string[] = [];
  const found = gzipSync(JSON.stringify({ _updated: 1_490_000_000_000, left: { name: 'left', description: 'the one hand' }, right: { name: 'right', description: 'the other' } }));
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    if (request.url?.startsWith('/-/all')) response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(found);
    else response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"not found"}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the uplink listens nowhere');
  return {
    port: address.port,
    asked,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
