import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2';
import { connect as dial, createServer, type LookupFunction, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { authority, type Scenario } from './harness.ts';
import { http2Server, httpServer, listening, type OnStream } from './servers.ts';

/** Everything that a client sees of one stream, in order. */
export interface Seen {
  readonly events: readonly unknown[];
  readonly body: string;
  readonly pieces: readonly string[];
  readonly rst: number | undefined;
}

function told(headers: IncomingHttpHeaders & { [name: string]: unknown }): unknown {
  return Object.entries(headers).filter(([name]) => name !== 'date');
}

/** Follows a stream to its close. */
export async function watch(stream: ClientHttp2Stream): Promise<Seen> {
  const events: unknown[] = [];
  const pieces: string[] = [];
  stream.on('response', (headers) => events.push(['response', told(headers)]));
  stream.on('headers', (headers) => events.push(['headers', told(headers)]));
  stream.on('trailers', (headers) => events.push(['trailers', told(headers)]));
  stream.on('data', (chunk: Buffer) => pieces.push(chunk.toString('latin1')));
  stream.on('end', () => events.push(['end']));
  stream.on('aborted', () => events.push(['aborted']));
  stream.on('error', (error: NodeJS.ErrnoException) => events.push(['error', error.name, error.code, error.message]));
  await new Promise((resolve) => {
    stream.on('close', resolve);
  });
  return { events, body: pieces.join(''), pieces, rst: stream.rstCode };
}

async function session<T>(port: number, use: (session: ClientHttp2Session, errors: unknown[]) => Promise<T>, tls = false): Promise<{ readonly value: T; readonly session: unknown[] }> {
  const errors: unknown[] = [];
  const open = connect(`${tls ? 'https' : 'http'}://localhost:${port}`, tls ? { ca: authority.pem, lookup: local } : { createConnection: () => dial(port, '127.0.0.1') });
  open.on('error', (error: NodeJS.ErrnoException) => errors.push(['error', error.code]));
  open.on('goaway', (code: number) => errors.push(['goaway', code]));
  try {
    const value = await use(open, errors);
    // What becomes of the connection is told after what becomes of its streams.
    await sleep(20);
    return { value, session: errors };
  } finally {
    open.destroy();
  }
}

const local: LookupFunction = (_host, options, done) => {
  if (options.all) done(null, [{ address: '127.0.0.1', family: 4 }]);
  else done(null, '127.0.0.1', 4);
};

function ask(open: ClientHttp2Session, headers: OutgoingHttpHeaders, body?: string | Buffer): Promise<Seen> {
  const stream = open.request(headers, { endStream: body === undefined });
  const seen = watch(stream);
  if (body !== undefined) stream.end(body);
  return seen;
}

function one(name: string, onStream: OnStream, client: (open: ClientHttp2Session, errors: unknown[]) => Promise<unknown>, tls = false): Scenario {
  return { name, serve: () => http2Server(onStream, tls), client: (port) => session(port, client, tls) };
}

const ok: OnStream = (stream, headers) => {
  stream.respond({ ':status': 200, 'x-path': headers[':path'] ?? '', 'content-type': 'text/plain' });
  stream.end('hello');
};

export const http2Scenarios: readonly Scenario[] = [
  one('GET over h2c', ok, (open) => ask(open, { ':path': '/a?b=1', 'x-one': '1' })),
  one('GET over TLS', ok, (open) => ask(open, { ':path': '/a' }), true),
  one('several set-cookie, headers in order, status 207', (stream) => {
    stream.respond({ ':status': 207, 'x-b': '1', 'set-cookie': ['a=1', 'b=2'], 'x-a': '2', etag: '"e"' });
    stream.end();
  }, (open) => ask(open, { ':path': '/' })),
  one('HEAD and 304 have no body', (stream, headers) => {
    stream.respond({ ':status': headers[':method'] === 'HEAD' ? 200 : 304, 'content-length': '99' });
    stream.end();
  }, async (open) => [await ask(open, { ':path': '/', ':method': 'HEAD' }), await ask(open, { ':path': '/' })]),
  one('204', (stream) => {
    stream.respond({ ':status': 204 }, { endStream: true });
  }, (open) => ask(open, { ':path': '/', ':method': 'DELETE' })),
  one('POST with a body, echoed in pieces', (stream) => {
    stream.respond({ ':status': 201 });
    stream.on('data', (chunk: Buffer) => stream.write(chunk));
    stream.on('end', () => stream.end('.'));
  }, (open) => ask(open, { ':path': '/', ':method': 'POST' }, 'body of the request')),
  one('trailers', (stream) => {
    stream.respond({ ':status': 200 }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '7', 'x-more': 'a' }));
    stream.end('abc');
  }, (open) => ask(open, { ':path': '/' })),
  one('trailers without a body', (stream) => {
    stream.respond({ ':status': 200 }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '7' }));
    stream.end();
  }, (open) => ask(open, { ':path': '/' })),
  one('trailers of the request', (stream) => {
    stream.on('trailers', (trailers) => {
      stream.respond({ ':status': 200 });
      stream.end(`trailers ${String(trailers['x-sum'])}`);
    });
    stream.resume();
  }, (open) => {
    const stream = open.request({ ':path': '/', ':method': 'POST' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '7' }));
    stream.end('abc');
    return watch(stream);
  }),
  one('103 Early Hints before the answer', (stream) => {
    stream.additionalHeaders({ ':status': 103, link: '</style.css>; rel=preload' });
    setTimeout(() => {
      stream.respond({ ':status': 200 });
      stream.end('x');
    }, 20);
  }, (open) => ask(open, { ':path': '/' })),
  ...[
    ['PROTOCOL_ERROR', 1], ['INTERNAL_ERROR', 2], ['FLOW_CONTROL_ERROR', 3], ['STREAM_CLOSED', 5], ['REFUSED_STREAM', 7], ['CANCEL', 8], ['ENHANCE_YOUR_CALM', 11], ['INADEQUATE_SECURITY', 12], ['HTTP_1_1_REQUIRED', 13],
  ].map(([name, code]) => one(`RST_STREAM ${name} before the head`, (stream) => stream.close(Number(code)), (open) => ask(open, { ':path': '/' }))),
  one('RST_STREAM in the middle of the body', (stream) => {
    stream.respond({ ':status': 200 });
    stream.write('half of it');
    setTimeout(() => stream.close(constants.NGHTTP2_INTERNAL_ERROR), 30);
  }, (open) => ask(open, { ':path': '/' })),
  one('RST_STREAM CANCEL in the middle of the body', (stream) => {
    stream.respond({ ':status': 200 });
    stream.write('half of it');
    setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), 30);
  }, (open) => ask(open, { ':path': '/' })),
  one('GOAWAY with an error', (stream) => {
    stream.session?.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  }, (open) => ask(open, { ':path': '/' })),
  one('GOAWAY without error lets the stream finish', (stream) => {
    stream.respond({ ':status': 200 });
    stream.write('a');
    stream.session?.goaway(0, stream.id);
    setTimeout(() => stream.end('b'), 30);
  }, (open) => ask(open, { ':path': '/' })),
  one('the connection is reset before the head', (stream) => rawSocket(stream).resetAndDestroy(), (open) => ask(open, { ':path': '/' })),
  one('the connection is reset in the body', (stream) => {
    stream.respond({ ':status': 200 });
    stream.write('0123456789');
    setTimeout(() => rawSocket(stream).resetAndDestroy(), 30);
  }, (open) => ask(open, { ':path': '/' })),
  one('the connection is closed in the body', (stream) => {
    stream.respond({ ':status': 200 });
    stream.write('0123456789');
    setTimeout(() => rawSocket(stream).destroySoon(), 30);
  }, (open) => ask(open, { ':path': '/' })),
  one('slow head and slow pieces keep their borders', (stream) => {
    void (async () => {
      await sleep(30);
      stream.respond({ ':status': 200 });
      for (const piece of ['one', 'two', 'three']) {
        stream.write(piece);
        await sleep(30);
      }
      stream.end();
    })();
  }, (open) => ask(open, { ':path': '/' })),
  one('the client gives up before the head', () => undefined, async (open) => {
    const stream = open.request({ ':path': '/' });
    const seen = watch(stream);
    setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), 40);
    return seen;
  }),
  one('the client gives up in the body, by a signal', (stream) => {
    stream.respond({ ':status': 200 });
    stream.write('begun');
  }, async (open) => {
    const abort = new AbortController();
    const stream = open.request({ ':path': '/' }, { signal: abort.signal });
    stream.once('data', () => abort.abort());
    return watch(stream);
  }),
  one('the client waits for the answer before it sends the rest', (stream) => {
    stream.once('data', () => {
      stream.respond({ ':status': 200 });
      stream.write('first seen');
      stream.on('data', (more: Buffer) => stream.write(`then ${more.toString()}`));
      stream.on('end', () => stream.end('over'));
    });
  }, async (open) => {
    const stream = open.request({ ':path': '/', ':method': 'POST' });
    const seen = watch(stream);
    stream.write('one');
    await once(stream, 'response');
    stream.write('two');
    await sleep(20);
    stream.end('three');
    return seen;
  }),
  one('an answer before the body is sent', (stream) => {
    stream.respond({ ':status': 413 });
    stream.end('too large');
  }, async (open) => {
    const stream = open.request({ ':path': '/', ':method': 'POST', expect: '100-continue' });
    const seen = watch(stream);
    await once(stream, 'response');
    stream.end();
    return seen;
  }),
  one('five streams at once, answered in another order', (stream, headers) => {
    const number = Number(String(headers[':path']).slice(1));
    setTimeout(() => {
      stream.respond({ ':status': 200 });
      stream.end(`answer ${number}`);
    }, (5 - number) * 40);
  }, async (open) => {
    const order: number[] = [];
    const all = await Promise.all(Array.from({ length: 5 }, async (_, number) => {
      const stream = open.request({ ':path': `/${number}` });
      stream.on('response', () => order.push(number));
      return (await watch(stream)).body;
    }));
    return { order, all };
  }),
  one('a body larger than every window', (stream) => {
    stream.respond({ ':status': 200 });
    stream.end(Buffer.alloc(900_000, 'x'));
  }, async (open) => {
    const { events, body } = await ask(open, { ':path': '/' });
    return { events, length: body.length };
  }),
  one('a request body larger than every window', (stream) => {
    let size = 0;
    stream.on('data', (chunk: Buffer) => (size += chunk.length));
    stream.on('end', () => {
      stream.respond({ ':status': 200 });
      stream.end(String(size));
    });
  }, (open) => ask(open, { ':path': '/', ':method': 'PUT' }, Buffer.alloc(900_000, 'y'))),
  one('a client that reads slowly', (stream) => {
    stream.respond({ ':status': 200 });
    stream.end(Buffer.alloc(300_000, 'z'));
  }, async (open) => {
    const stream = open.request({ ':path': '/' });
    await once(stream, 'response');
    await sleep(50);
    let size = 0;
    for await (const chunk of stream as AsyncIterable<Buffer>) size += chunk.length;
    return size;
  }),
  ...(['expired', 'other-name', 'self-signed', 'unknown-issuer'] as const).map((flaw): Scenario => ({
    name: `a certificate that is ${flaw}`,
    serve: () => http2Server(ok, true, flaw),
    client: (port) => session(port, (open) => ask(open, { ':path': '/' }), true),
  })),
  {
    name: 'a connection that fails before anything is asked',
    serve: () => http2Server(ok, true, 'expired'),
    client: (port) => session(port, (open) => new Promise((resolve) => {
      open.on('close', () => resolve('closed'));
    }), true),
  },
  {
    name: 'a server that speaks only HTTP/1.1',
    serve: () => httpServer((_request, response) => response.end('hello')),
    client: (port) => session(port, (open) => ask(open, { ':path': '/' })),
  },
  {
    name: 'nothing listens',
    serve: async () => {
      const server = await listening(createServer());
      await server.close();
      return { port: server.port, close: () => undefined };
    },
    client: (port) => session(port, (open) => ask(open, { ':path': '/' })),
  },
  {
    name: 'the server closes every connection at once',
    serve: () => listening(createServer((socket) => socket.once('data', () => socket.resetAndDestroy()))),
    client: (port) => session(port, (open) => ask(open, { ':path': '/' })),
  },
];

function rawSocket(stream: Parameters<OnStream>[0]): Socket {
  // Node's stand-in forbids what is needed here.
  const session = stream.session as unknown as object;
  for (const symbol of Object.getOwnPropertySymbols(session)) {
    const value = Reflect.get(session, symbol) as unknown;
    if (symbol.description === 'socket' && value && typeof (value as { resetAndDestroy?: unknown }).resetAndDestroy === 'function') return value as Socket;
  }
  throw new Error('no socket');
}
