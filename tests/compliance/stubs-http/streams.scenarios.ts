import { request as nodeRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib';
import got from 'got';
import { Agent, fetch as undiciFetch, request as undiciRequest } from 'undici';
import { authority, type Scenario } from './harness.ts';
import { http2Server, httpServer, type OnStream } from './servers.ts';

interface Told {
  readonly name: string;
  readonly code: unknown;
  readonly message: string;
  readonly cause?: Told;
}

/** An error as its receiver sees it, without the port of the run. */
function told(error: unknown): Told {
  const { name, code, message, cause } = error as Error & { code?: unknown };
  return { name, code, message: message.replaceAll(/:\d{4,5}/g, ':PORT'), ...(cause instanceof Error ? { cause: told(cause) } : {}) };
}

async function attempt<T>(run: () => Promise<T>): Promise<T | { readonly error: Told }> {
  try {
    return await run();
  } catch (error) {
    return { error: told(error) };
  }
}

function http(name: string, listener: (request: IncomingMessage, response: ServerResponse) => void, client: (base: string) => Promise<unknown>, set?: Parameters<typeof httpServer>[1]): Scenario {
  return { name, serve: () => httpServer(listener, set), client: (port) => client(`http://127.0.0.1:${port}`) };
}

/** Reads server-sent events as an EventSource does: it comes again after an end, with the last id, until an event says `over`. */
async function eventSource(url: string): Promise<unknown> {
  const seen: unknown[] = [];
  let last = '';
  for (let connection = 1; connection <= 5; connection++) {
    const response = await attempt(() => fetch(url, { headers: { accept: 'text/event-stream', ...(last === '' ? {} : { 'last-event-id': last }) } }));
    if ('error' in response) return [...seen, response];
    seen.push(['open', response.status, response.headers.get('content-type')]);
    const ended = await attempt(async () => {
      let rest = '';
      const decoder = new TextDecoder();
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
        rest += decoder.decode(chunk, { stream: true });
        const parts = rest.split('\n\n');
        rest = parts.pop() ?? '';
        for (const part of parts) {
          seen.push(part);
          last = /^id: (.*)$/m.exec(part)?.[1] ?? last;
          if (part.includes('over')) return 'over';
        }
      }
      return 'end';
    });
    seen.push(ended);
    if (ended === 'over') return seen;
  }
  return seen;
}

/** `node:http`, with everything that it tells on the way. */
function plain(url: string, options: { readonly method?: string; readonly headers?: Record<string, string>; readonly body?: string; readonly waits?: boolean }): Promise<unknown> {
  return new Promise((resolve) => {
    const events: unknown[] = [];
    const request = nodeRequest(url, { method: options.method ?? 'GET', headers: options.headers ?? {}, agent: false });
    const finish = (): void => resolve(events);
    request.on('continue', () => {
      events.push(['continue']);
      if (options.waits) request.end(options.body);
    });
    request.on('information', ({ statusCode, rawHeaders }) => events.push(['information', statusCode, rawHeaders]));
    request.on('error', (error) => {
      events.push(['error', told(error)]);
      finish();
    });
    request.on('response', (response) => {
      events.push(['response', response.statusCode, response.statusMessage, response.rawHeaders.filter((_, index, all) => !/^date$/i.test(all[index - (index % 2)] ?? ''))]);
      if (!request.writableEnded) request.end();
      response.on('data', (chunk: Buffer) => events.push(['data', chunk.toString('latin1')]));
      response.on('error', (error) => events.push(['error', told(error)]));
      response.on('close', () => {
        events.push(['close', response.complete, response.rawTrailers]);
        finish();
      });
    });
    if (!options.waits) request.end(options.body);
    else request.flushHeaders();
  });
}

const JSON_TEXT = JSON.stringify({ hello: 'world', list: Array.from({ length: 200 }, (_, n) => n) });
const codings: readonly (readonly [string, (text: string) => Buffer])[] = [['gzip', gzipSync], ['br', brotliCompressSync], ['zstd', zstdCompressSync]];

/** undici over HTTP/2. */
async function overHttp2(port: number, run: (dispatcher: Agent, base: string) => Promise<unknown>): Promise<unknown> {
  const dispatcher = new Agent({ allowH2: true, connect: { ca: authority.pem }, headersTimeout: 400 });
  try {
    return await run(dispatcher, `https://localhost:${port}`);
  } finally {
    await dispatcher.destroy();
  }
}

function undici2(name: string, onStream: OnStream, run: (dispatcher: Agent, base: string) => Promise<unknown>): Scenario {
  return { name: `undici over HTTP/2: ${name}`, serve: () => http2Server(onStream, true), client: (port) => overHttp2(port, run) };
}

const answered = async (dispatcher: Agent, url: string, options: Record<string, unknown> = {}): Promise<unknown> =>
  attempt(async () => {
    const { statusCode, headers, body, trailers } = await undiciRequest(url, { dispatcher, ...options });
    const { date: _, ...rest } = headers;
    return [statusCode, rest, await body.text(), trailers];
  });

export const streamScenarios: readonly Scenario[] = [
  http('server-sent events, with a reconnect by Last-Event-ID', (request, response) => {
    const from = Number(request.headers['last-event-id'] ?? 0);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    void (async () => {
      for (let id = from + 1; id <= from + 3; id++) {
        response.write(`id: ${id}\ndata: ${id >= 6 ? 'over' : `tick ${id}`}\n\n`);
        await sleep(20);
      }
      response.end();
    })();
  }, (base) => eventSource(`${base}/events`)),
  http('server-sent events, the connection breaks', (request, response) => {
    const again = request.headers['last-event-id'] !== undefined;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`id: 1\ndata: ${again ? 'over' : 'first'}\n\n`);
    if (!again) setTimeout(() => response.socket?.resetAndDestroy(), 30);
  }, (base) => eventSource(`${base}/events`)),
  http('server-sent events, given up by the reader', (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: first\n\n');
  }, (base) => attempt(async () => {
    const abort = new AbortController();
    const response = await fetch(base, { signal: abort.signal });
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      if (Buffer.from(chunk).includes('first')) setTimeout(() => abort.abort(), 10);
    }
    return 'ended';
  })),
  http('given up before the head, by a signal', () => undefined, (base) => attempt(() => fetch(base, { signal: AbortSignal.timeout(80) }))),
  http('an upload that is given up', (request) => void request.resume(), (base) => attempt(() => fetch(base, {
    method: 'POST',
    duplex: 'half',
    signal: AbortSignal.timeout(80),
    body: new ReadableStream({ start: (controller) => controller.enqueue(Buffer.from('a beginning')) }),
  } as RequestInit))),
  http('103 Early Hints', (_request, response) => {
    response.writeEarlyHints({ link: ['</a.css>; rel=preload', '</b.js>; rel=preload'] });
    setTimeout(() => response.end('x'), 20);
  }, (base) => plain(base, {})),
  http('102 and 103, then the answer', (_request, response) => {
    response.writeProcessing();
    response.writeEarlyHints({ link: '</a.css>; rel=preload' });
    setTimeout(() => response.end('x'), 20);
  }, (base) => plain(base, {})),
  http('100 Continue, the body follows', (request, response) => {
    let size = 0;
    request.on('data', (chunk: Buffer) => (size += chunk.length));
    request.on('end', () => response.end(`got ${size}`));
  }, (base) => plain(base, { method: 'PUT', headers: { expect: '100-continue', 'content-length': '11' }, body: 'hello world', waits: true })),
  http('417 instead of 100 Continue', () => undefined, (base) => plain(base, { method: 'PUT', headers: { expect: '100-continue', 'transfer-encoding': 'chunked' }, waits: true }), (server) => {
    server.on('checkContinue', (_request, response: ServerResponse) => {
      response.writeHead(417, { connection: 'close' });
      response.end('no');
    });
  }),
  ...codings.map(([name, encode]) => http(`${name}, bytes as on the wire`, (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': name });
    response.end(encode(JSON_TEXT));
  }, async (base) => [
    await plain(base, { headers: { 'accept-encoding': name } }),
    await undiciRequest(base).then(async ({ body }) => Buffer.from(await body.arrayBuffer()).toString('hex')),
    await attempt(() => fetch(base).then((response) => response.text())),
  ])),
  http('damaged gzip', (_request, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' });
    response.end(gzipSync(JSON_TEXT).subarray(0, 60));
  }, (base) => attempt(() => fetch(base).then((response) => response.text()))),
  http('slow chunks keep their borders', (_request, response) => void (async () => {
    for (const part of ['one', 'two', 'three']) {
      response.write(part);
      await sleep(20);
    }
    response.end();
  })(), (base) => plain(base, {})),
  http('trailers', (_request, response) => {
    response.writeHead(200, { trailer: 'X-Sum' });
    response.write('abc');
    response.addTrailers({ 'X-Sum': '7' });
    response.end();
  }, (base) => plain(base, {})),
  http('fewer bytes than announced', (_request, response) => {
    response.writeHead(200, { 'content-length': '10' });
    response.write('12345');
    setTimeout(() => response.socket?.destroySoon(), 20);
  }, async (base) => [await plain(base, {}), await attempt(() => fetch(base).then((response) => response.text()))]),
  http('no answer, the connection closes', (request) => void setTimeout(() => request.socket.destroySoon(), 20), async (base) => [await plain(base, {}), await attempt(() => fetch(base))]),
  http('no answer, the connection is reset', (request) => void setTimeout(() => request.socket.resetAndDestroy(), 20), async (base) => [await plain(base, {}), await attempt(() => fetch(base))]),
  http('a body that ends with the connection', (_request, response) => {
    response.socket?.end('HTTP/1.0 200 OK\r\nX-Old: 1\r\n\r\nuntil the end');
  }, async (base) => [await plain(base, {}), await attempt(() => fetch(base).then((response) => response.text()))]),
  http('an answer while the request is still being sent', (request, response) => {
    request.once('data', () => {
      response.writeHead(200);
      response.write('seen the first');
      request.on('data', (more: Buffer) => response.write(more));
      request.on('end', () => response.end('over'));
    });
  }, (base) => attempt(async () => {
    const { writable, readable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    void writer.write(Buffer.from('one'));
    const { body } = await undiciRequest(base, { method: 'POST', body: readable as never });
    const parts: string[] = [];
    for await (const chunk of body as AsyncIterable<Buffer>) {
      parts.push(chunk.toString());
      if (parts.length === 1) {
        await writer.write(Buffer.from('two'));
        await writer.close();
      }
    }
    return parts.join('|');
  })),
  undici2('GET, head and body', (stream) => {
    stream.respond({ ':status': 203, 'x-b': '1', 'set-cookie': ['a=1', 'b=2'] });
    stream.end('hello');
  }, (dispatcher, base) => answered(dispatcher, `${base}/a?b=1`)),
  undici2('POST echoed', (stream) => {
    stream.respond({ ':status': 201 });
    stream.pipe(stream);
  }, (dispatcher, base) => answered(dispatcher, base, { method: 'POST', body: 'some text' })),
  undici2('trailers', (stream) => {
    stream.respond({ ':status': 200 }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '7' }));
    stream.end('abc');
  }, (dispatcher, base) => answered(dispatcher, base)),
  ...[2, 7, 8, 11].map((code) => undici2(`RST_STREAM ${code}`, (stream) => stream.close(code), (dispatcher, base) => answered(dispatcher, base))),
  undici2('RST_STREAM in the body', (stream) => {
    stream.respond({ ':status': 200 });
    stream.write('half');
    setTimeout(() => stream.close(2), 30);
  }, (dispatcher, base) => answered(dispatcher, base)),
  undici2('GOAWAY', (stream) => stream.session?.goaway(11), (dispatcher, base) => answered(dispatcher, base)),
  undici2('no head in time', () => undefined, (dispatcher, base) => answered(dispatcher, base)),
  undici2('given up by a signal', () => undefined, (dispatcher, base) => answered(dispatcher, base, { signal: AbortSignal.timeout(80) })),
  undici2('five at once', (stream, headers) => {
    stream.respond({ ':status': 200 });
    setTimeout(() => stream.end(headers[':path']), Math.random() * 20);
  }, (dispatcher, base) => Promise.all([1, 2, 3, 4, 5].map((n) => answered(dispatcher, `${base}/${n}`)))),
  undici2('fetch', (stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/json', 'content-encoding': 'gzip' });
    stream.end(gzipSync(JSON_TEXT));
  }, (dispatcher, base) => attempt(async () => (await undiciFetch(base, { dispatcher })).json())),
  {
    name: 'got over HTTP/2',
    serve: () => http2Server((stream, headers) => {
      stream.respond({ ':status': 200, 'content-type': 'application/json' });
      stream.end(JSON.stringify({ path: headers[':path'], method: headers[':method'] }));
    }, true),
    client: (port) => attempt(async () => {
      const { body, statusCode } = await got(`https://localhost:${port}/a`, { http2: true, https: { certificateAuthority: authority.pem }, retry: { limit: 0 } });
      return [statusCode, body];
    }),
  },
];
