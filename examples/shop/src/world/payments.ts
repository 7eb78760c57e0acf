import { createHash } from 'node:crypto';
import { createServer } from 'node:https';
import { createAuthority } from '@deja/stubs';
import { close, listen, withBody } from './server.js';

/** The payment provider. */
export interface PaymentServer {
  readonly url: string;
  /** Certificate (PEM) of the authority that a client has to trust. */
  readonly authority: string;
  /** In maintenance the load balancer in front answers 503 with its own page. */
  maintenance(on: boolean): void;
  stop(): Promise<void>;
}

const PAGE = '<html>\r\n<head><title>503 Service Temporarily Unavailable</title></head>\r\n<body>\r\n<center><h1>503 Service Temporarily Unavailable</h1></center>\r\n</body>\r\n</html>\r\n';

export async function startPayments(port: number): Promise<PaymentServer> {
  const authority = createAuthority();
  const { cert, key } = authority.certificate(['localhost', '127.0.0.1']);
  let inMaintenance = false;
  const server = createServer(
    { cert, key },
    withBody((request, body, response) => {
      if (inMaintenance) {
        response.writeHead(503, { 'content-type': 'text/html', 'retry-after': '120' }).end(PAGE);
        return;
      }
      if (request.method !== 'POST' || request.url !== '/v1/charges') {
        response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"not found"}');
        return;
      }
      const { amount, reference } = JSON.parse(body.toString()) as { amount: number; reference: string };
      // The same reference is the same charge, however often it is asked for.
      const id = `ch_${createHash('sha256').update(reference).digest('hex').slice(0, 24)}`;
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ id, object: 'charge', amount, status: 'succeeded' }));
    }),
  );
  await listen(server, port);
  return {
    url: `https://localhost:${port}`,
    authority: authority.pem,
    maintenance: (on) => {
      inMaintenance = on;
    },
    stop: () => close(server),
  };
}
