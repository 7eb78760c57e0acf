import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { Socket } from 'node:net';
import { bodyOf, type Handler, type Scenario, type Servers, type Where } from '../scenario.ts';
import { pause, WAIT_MS } from '../seen.ts';
import { type Asked, type HttpClient, seenExchange } from './http-client.ts';
import { HTTP_CLIENTS } from './http-clients.ts';

/** The same for every client. */
interface Behaviour {
  readonly name: string;
  readonly serve: Scenario['serve'];
  readonly ask: (client: HttpClient, at: Where) => Promise<unknown>;
}

const JSON_TYPE = { 'content-type': 'application/json' };

/** One request to a server that answers so. */
function answers(name: string, handler: Handler, asked: Asked = {}, path = '/'): Behaviour {
  return { name, serve: ({ http }) => http(handler), ask: (client, { url }) => seenExchange(client, url + path, asked) };
}

/** One request to a server that does this with the connection once the request's head is there. */
function breaks(name: string, onRequest: (socket: Socket) => void, asked: Asked = {}): Behaviour {
  const serve = ({ raw }: Servers): Promise<Where> =>
    raw((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => onRequest(socket));
    });
  return { name, serve, ask: (client, { url }) => seenExchange(client, `${url}/`, asked) };
}

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n';

/** A connection that ends by a reset, after what was written is on its way. */
function reset(socket: Socket): void {
  setTimeout(() => socket.resetAndDestroy(), 30);
}

const STATUSES: readonly Behaviour[] = [
  answers('200 with JSON', (_, response) => response.writeHead(200, JSON_TYPE).end('{"id":7,"big":12345678901234567890}')),
  answers('201 without a body', (_, response) => response.writeHead(201, { 'content-length': '0' }).end()),
  answers('204', (_, response) => response.writeHead(204).end()),
  answers('an odd status and reason', (_, response) => response.writeHead(418, 'Short And Stout').end('tea')),
  answers('404 with JSON', (_, response) => response.writeHead(404, JSON_TYPE).end('{"error":"no such order"}')),
  answers('500 with HTML', (_, response) => response.writeHead(500, { 'content-type': 'text/html' }).end('<h1>Oops</h1>')),
  answers('503 with Retry-After', (_, response) => response.writeHead(503, { 'retry-after': '120' }).end('later')),
  answers('a HEAD request', (_, response) => response.writeHead(200, { 'content-length': '1234', etag: '"a"' }).end(), { method: 'HEAD' }),
  answers('not modified', (_, response) => response.writeHead(304, { etag: '"a"' }).end(), { headers: { 'if-none-match': '"a"' } }),
  answers('a part of a file', (_, response) => response.writeHead(206, { 'content-range': 'bytes 2-4/9' }).end('cde'), { headers: { range: 'bytes=2-4' } }),
  answers('the same header several times', (_, response) => response.writeHead(200, [['Set-Cookie', 'a=1'], ['X-One', '1'], ['set-cookie', 'b=2; HttpOnly'], ['X-One', '2']].flat()).end('ok')),
  answers('a query with repeated and encoded names', (request, response) => response.end(request.url), {}, '/search?q=a%20b&q=%C3%BC&empty=&plus=a+b#there'),
  answers('credentials in a header', (request, response) => response.writeHead(request.headers.authorization === 'Basic YW5uOnNlY3JldA==' ? 200 : 401).end(), { headers: { authorization: 'Basic YW5uOnNlY3JldA==' } }),
  answers('a redirect', (request, response) => (request.url === '/' ? response.writeHead(302, { location: '/there?x=1' }).end() : response.end(`arrived at ${request.url ?? ''}`))),
  answers('a redirect after a POST', async (request, response) => {
    if (request.url === '/') response.writeHead(303, { location: '/made/7' }).end();
    else response.end(`${request.method ?? ''} ${(await bodyOf(request)).length}`);
  }, { method: 'POST', body: 'name=Ann', headers: { 'content-type': 'application/x-www-form-urlencoded' } }),
  answers('early hints first', (_, response) => {
    response.writeEarlyHints({ link: '</style.css>; rel=preload' }, () => response.end('then this'));
  }),
];

const BODIES: readonly Behaviour[] = [
  answers('JSON there and back', async (request, response) => response.writeHead(200, JSON_TYPE).end(await bodyOf(request)), { method: 'POST', headers: JSON_TYPE, body: '{"name":"Ann","tags":[1,null,"ü"]}' }),
  answers('a form', async (request, response) => response.end(String(new URLSearchParams((await bodyOf(request)).toString()).get('b'))), { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'a=1&b=two+words' }),
  answers('bytes there and back', async (request, response) => response.end(await bodyOf(request)), { method: 'PUT', headers: { 'content-type': 'application/octet-stream' }, body: Uint8Array.from({ length: 5000 }, (_, index) => (index * 7) % 256) }),
  answers('a body of 600 KB', (_, response) => response.end(Buffer.alloc(600_000, 'abcdefgh'))),
  answers('an empty body', (_, response) => response.end()),
  answers('a DELETE with a body', async (request, response) => response.end(await bodyOf(request)), { method: 'DELETE', headers: JSON_TYPE, body: '{"ids":[1,2]}' }),
  answers('gzip', (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('packed '.repeat(40)))),
  answers('brotli', (_, response) => response.writeHead(200, { 'content-encoding': 'br' }).end(brotliCompressSync('packed '.repeat(40)))),
  answers('gzip that is none', (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('not packed at all')),
  answers('chunks in turn', (_, response) => {
    response.write('one ');
    setTimeout(() => response.write('two '), 20);
    setTimeout(() => response.end('three'), 40);
  }),
  answers('a letter cut in two', (_, response) => {
    const bytes = Buffer.from('grüße');
    response.write(bytes.subarray(0, 3));
    setTimeout(() => response.end(bytes.subarray(3)), 20);
  }),
  answers('a body that takes its time', (_, response) => {
    response.write('slow');
    setTimeout(() => response.end(' end'), WAIT_MS);
  }),
  answers('trailers', (_, response) => {
    response.writeHead(200, { trailer: 'X-Sum' });
    response.write('counted');
    response.addTrailers({ 'X-Sum': '7' });
    response.end();
  }),
  breaks('a body that ends with the connection', (socket) => socket.end(`${HEAD}\r\nuntil the end`)),
  answers('an expectation of 100', async (request, response) => response.end(await bodyOf(request)), { method: 'POST', headers: { expect: '100-continue', 'content-type': 'text/plain' }, body: 'after the word' }),
];

const FAILURES: readonly Behaviour[] = [
  { name: 'nothing listens', serve: ({ closed }) => closed(), ask: (client, { url }) => seenExchange(client, `${url}/`) },
  { name: 'connecting never ends', serve: ({ silent }) => silent(), ask: (client, { url }) => seenExchange(client, `${url}/`, { timeoutMs: WAIT_MS }) },
  { name: 'a name that does not resolve', serve: ({ nameless }) => nameless(), ask: (client, { url }) => seenExchange(client, `${url}/`) },
  breaks('a reset instead of an answer', reset),
  breaks('an end instead of an answer', (socket) => socket.end()),
  breaks('a reset within the head', (socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-');
    reset(socket);
  }),
  breaks('a reset within the body', (socket) => {
    socket.write(`${HEAD}Content-Length: 100\r\n\r\nonly so much`);
    reset(socket);
  }),
  breaks('an end within the body', (socket) => socket.end(`${HEAD}Content-Length: 100\r\n\r\nonly so much`)),
  breaks('an end within a chunk', (socket) => socket.end(`${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\nwhole\r\n64\r\nonly so much`)),
  breaks('an end between chunks', (socket) => socket.end(`${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\nwhole\r\n`)),
  breaks('a head that is no HTTP', (socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n')),
  breaks('a head that is too large', (socket) => socket.end(`${HEAD}X-Large: ${'a'.repeat(80_000)}\r\n\r\n`)),
  breaks('never an answer, and a client that gives up', () => undefined, { timeoutMs: WAIT_MS }),
  breaks('a head, never a body, and a client that gives up', (socket) => socket.write(`${HEAD}Content-Length: 100\r\n\r\n`), { timeoutMs: WAIT_MS }),
  breaks('half a body, never the rest, and a client that gives up', (socket) => socket.write(`${HEAD}Content-Length: 100\r\n\r\nonly so much`), { timeoutMs: WAIT_MS }),
  breaks('a request that is taken back before the answer', () => undefined, { abortMs: 100 }),
  breaks('a request that is taken back within the body', (socket) => socket.write(`${HEAD}Content-Length: 100\r\n\r\nonly so much`), { abortMs: 150 }),
];

const ENCRYPTED: readonly Behaviour[] = [
  { name: 'TLS', serve: ({ https }) => https((request, response) => response.end(`${request.method ?? ''} in private`)), ask: (client, { url }) => seenExchange(client, `${url}/`) },
  ...(['expired', 'other-name', 'self-signed', 'unknown-issuer'] as const).map((flaw): Behaviour => ({
    name: `a certificate: ${flaw}`, serve: ({ https }) => https((_, response) => response.end('never'), flaw), ask: (client, { url }) => seenExchange(client, `${url}/`),
  })),
  {
    name: 'a reset instead of a handshake',
    serve: async ({ raw }) => {
      const { host, port } = await raw((socket) => socket.once('data', () => reset(socket)));
      return { host, port, url: `https://${host}:${port}` };
    },
    ask: (client, { url }) => seenExchange(client, `${url}/`),
  },
  {
    name: 'TLS to a port that speaks plainly',
    serve: async ({ http }) => {
      const { host, port } = await http((_, response) => response.end('plainly'));
      return { host, port, url: `https://${host}:${port}` };
    },
    ask: (client, { url }) => seenExchange(client, `${url}/`),
  },
];

const ENCRYPTED_FAILURES: readonly Behaviour[] = [
  {
    name: 'TLS: a reset within the body',
    serve: ({ https }) =>
      https((request, response) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('only so much');
        setTimeout(() => (request.socket as Socket & { readonly _parent: Socket })._parent.resetAndDestroy(), 30);
      }),
    ask: (client, { url }) => seenExchange(client, `${url}/`),
  },
  {
    name: 'TLS: an end within the body',
    serve: ({ https }) =>
      https((request, response) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('only so much');
        setTimeout(() => request.socket.end(), 30);
      }),
    ask: (client, { url }) => seenExchange(client, `${url}/`),
  },
  {
    name: 'an end instead of a handshake',
    serve: async ({ raw }) => {
      const { host, port } = await raw((socket) => socket.once('data', () => socket.end()));
      return { host, port, url: `https://${host}:${port}` };
    },
    ask: (client, { url }) => seenExchange(client, `${url}/`),
  },
  {
    name: 'an alert instead of a handshake',
    serve: async ({ raw }) => {
      const { host, port } = await raw((socket) => socket.once('data', () => socket.end(Buffer.from([21, 3, 1, 0, 2, 2, 70]))));
      return { host, port, url: `https://${host}:${port}` };
    },
    ask: (client, { url }) => seenExchange(client, `${url}/`),
  },
];

const SEQUENCES: readonly Behaviour[] = [
  {
    name: 'several at once, answered the other way round',
    serve: ({ http }) => http((request, response) => void setTimeout(() => response.end(request.url), { '/0': 150, '/1': 100, '/2': 50 }[request.url ?? ''])),
    ask: async (client, { url }) => {
      const order: number[] = [];
      const all = await Promise.all([0, 1, 2].map(async (index) => {
        const seen = await seenExchange(client, `${url}/${index}`);
        order.push(index);
        return seen;
      }));
      return { all, order };
    },
  },
  {
    name: 'the same asked three times, with other answers',
    serve: ({ http }) => {
      let times = 0;
      return http((_, response) => response.end(String(++times)));
    },
    ask: async (client, { url }) => [await seenExchange(client, `${url}/`), await seenExchange(client, `${url}/`), await seenExchange(client, `${url}/`)],
  },
  {
    name: 'failing twice, then well',
    serve: ({ http }) => {
      let times = 0;
      return http((_, response) => response.writeHead(++times < 3 ? 503 : 200).end(String(times)));
    },
    ask: async (client, { url }) => {
      const seen = [];
      for (let attempt = 0; attempt < 3; attempt++) {
        seen.push(await seenExchange(client, `${url}/retried`));
        await pause(20);
      }
      return seen;
    },
  },
  {
    name: 'a made-up key that comes back',
    serve: ({ http }) => http(async (request, response) => response.writeHead(200, JSON_TYPE).end(await bodyOf(request))),
    ask: async (client, { url }) => seenExchange(client, `${url}/`, { method: 'POST', headers: { ...JSON_TYPE, 'idempotency-key': crypto.randomUUID() }, body: JSON.stringify({ id: crypto.randomUUID(), nonce: Math.random() }) }),
  },
  {
    name: 'the time of day in a request',
    serve: ({ http }) => http((_, response) => response.end('noted')),
    ask: async (client, { url }) => seenExchange(client, `${url}/?at=${Date.now()}`, { method: 'POST', headers: JSON_TYPE, body: JSON.stringify({ at: new Date().toISOString() }) }),
  },
];

export const scenarios: readonly Scenario[] = HTTP_CLIENTS.flatMap((client) =>
  [...STATUSES, ...BODIES, ...FAILURES, ...ENCRYPTED, ...ENCRYPTED_FAILURES, ...SEQUENCES].map(({ name, serve, ask }) => ({ name: `${client.name}: ${name}`, serve, ask: (at: Where) => ask(client, at) })),
);
