import { once } from 'node:events';
import { Agent as HttpAgent, get as httpGet, type IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { afterEach, describe, expect, it } from 'vitest';
import type { Body } from '@deja/format';
import type { HttpExchange } from '../plan.js';
import { freePort } from '../testing/free-port.js';
import { httpExchange, portOf, startForTest, stopAfterTest, testAuthority } from '../testing/plan.js';
import { rawExchange } from '../testing/raw-http.js';

const HOST = { host: 'api.example', port: 80, tls: false } as const;

async function text(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function ofLengthNine(seq: number, method: string, body: Body | undefined): HttpExchange {
  return httpExchange({ seq, method, url: `http://api.example/${seq}` }, { headers: [['Content-Length', '9'], ['Connection', 'close']], ...(body ? { body } : {}) });
}

afterEach(stopAfterTest);

describe('HTTP stub, what is on the wire', () => {
  it('sends the recorded head in its order and case, and nothing of its own', async () => {
    const exchange = httpExchange(
      { seq: 1, url: 'http://api.example/a?b=1' },
      { status: 207, statusText: 'Odd Reason', headers: [['x-B', '1'], ['Set-Cookie', 'a=1'], ['set-cookie', 'b=2'], ['Content-Length', '2'], ['Connection', 'close']], body: { text: 'hi' } },
    );
    const stubs = await startForTest({ http: [{ ...HOST, exchanges: [exchange] }] });
    const { text: wire, ended } = await rawExchange(portOf(stubs), 'GET /a?b=1 HTTP/1.1\r\nHost: api.example\r\n\r\n');
    expect(wire).toBe('HTTP/1.1 207 Odd Reason\r\nx-B: 1\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi');
    expect(ended).toBe('fin');
    expect(stubs.served.map((served) => served.seq)).toEqual([1]);
  });

  it('keeps the borders of chunks, the bytes and the trailers', async () => {
    const body = Buffer.from([0, 0xff, 0x0d, 0x0a, 0x80, 0x41]);
    const exchange = httpExchange(
      { seq: 1, url: 'http://api.example/' },
      { headers: [['Transfer-Encoding', 'chunked'], ['Trailer', 'X-Sum'], ['Connection', 'close']], body: { base64: body.toString('base64') }, chunks: [[0, 2], [0, 3], [0, 1]], trailers: [['X-Sum', '7']] },
    );
    const stubs = await startForTest({ http: [{ ...HOST, exchanges: [exchange] }] });
    const { text: wire } = await rawExchange(portOf(stubs), 'GET / HTTP/1.1\r\nHost: api.example\r\n\r\n');
    expect(wire.slice(wire.indexOf('\r\n\r\n') + 4)).toBe('2\r\n\x00\xff\r\n3\r\n\r\n\x80\r\n1\r\nA\r\n0\r\nX-Sum: 7\r\n\r\n');
  });

  it('ends the body with the connection where nothing else was recorded to end it', async () => {
    const stubs = await startForTest({ http: [{ ...HOST, exchanges: [httpExchange({ seq: 1, url: 'http://api.example/' }, { headers: [], body: { text: 'until the end' } })] }] });
    const { text: wire, ended } = await rawExchange(portOf(stubs), 'GET / HTTP/1.1\r\nHost: api.example\r\n\r\n');
    expect([wire, ended]).toEqual(['HTTP/1.1 200 OK\r\n\r\nuntil the end', 'fin']);
  });

  it('says the length that a body has since secrets were taken out of it, but of an answer to HEAD and of one that was cut the recorded one', async () => {
    const stubs = await startForTest({ http: [{ ...HOST, exchanges: [ofLengthNine(1, 'GET', { text: 'redacted-0123456789' }), ofLengthNine(2, 'HEAD', undefined), ofLengthNine(3, 'GET', { text: 'secr', truncated: 5 })] }] });
    const said: string[] = [];
    for (const line of ['GET /1', 'HEAD /2', 'GET /3']) said.push((await rawExchange(portOf(stubs), `${line} HTTP/1.1\r\nHost: api.example\r\n\r\n`)).text.replace(/Connection: close\r\n/, ''));
    expect(said).toEqual(['HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\nredacted-0123456789', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nsecr']);
  });

  it('keeps a connection open as recorded', async () => {
    const exchanges = [1, 2].map((seq) => httpExchange({ seq, url: 'http://api.example/' }, { headers: [['Content-Length', '1']], body: { text: String(seq) } }));
    const stubs = await startForTest({ http: [{ ...HOST, exchanges }] });
    const agent = new HttpAgent({ keepAlive: true, maxSockets: 1 });
    const seen: unknown[] = [];
    for (let turn = 0; turn < 2; turn++) {
      const asked = httpGet({ port: portOf(stubs), agent, headers: { host: 'api.example' } });
      const [response] = (await once(asked, 'response')) as [IncomingMessage];
      seen.push([await text(response), asked.reusedSocket]);
    }
    agent.destroy();
    expect(seen).toEqual([['1', false], ['2', true]]);
  });

  it('answers HEAD and 304 without a body', async () => {
    const exchanges = [
      httpExchange({ seq: 1, url: 'http://api.example/', method: 'HEAD' }, { headers: [['Content-Length', '99']] }),
      httpExchange({ seq: 2, url: 'http://api.example/' }, { status: 304, headers: [['ETag', '"x"'], ['Connection', 'close']] }),
    ];
    const stubs = await startForTest({ http: [{ ...HOST, exchanges }] });
    const { text: wire } = await rawExchange(portOf(stubs), 'HEAD / HTTP/1.1\r\nHost: api.example\r\n\r\nGET / HTTP/1.1\r\nHost: api.example\r\n\r\n');
    expect(wire).toBe('HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nHTTP/1.1 304 Not Modified\r\nETag: "x"\r\nConnection: close\r\n\r\n');
  });
});

describe('HTTP stub, failures', () => {
  it('resets after the bytes that had arrived', async () => {
    const exchange = httpExchange(
      { seq: 1, url: 'http://api.example/' },
      { error: { message: 'read ECONNRESET', code: 'ECONNRESET', syscall: 'read', phase: 'receive', bytes: 3 }, partial: { status: 200, headers: [['Content-Length', '10']], body: { text: 'abc' } } },
    );
    const stubs = await startForTest({ http: [{ ...HOST, exchanges: [exchange] }] });
    const { text: wire, ended } = await rawExchange(portOf(stubs), 'GET / HTTP/1.1\r\nHost: api.example\r\n\r\n');
    expect([wire, ended]).toEqual(['HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc', 'ECONNRESET']);
  });

  it('closes where the server closed, and fetch says what it said', async () => {
    const exchange = httpExchange({ seq: 1, url: 'http://api.example/' }, { error: { message: 'other side closed', code: 'UND_ERR_SOCKET', phase: 'wait' } });
    const stubs = await startForTest({ http: [{ ...HOST, exchanges: [exchange] }] });
    const { text: wire, ended } = await rawExchange(portOf(stubs), 'GET / HTTP/1.1\r\nHost: api.example\r\n\r\n');
    expect([wire, ended]).toEqual(['', 'fin']);
  });

  it('never answers where the client gave up, and the client gives up again', async () => {
    const exchange = httpExchange({ seq: 1, url: `http://127.0.0.1:1/slow`, ms: 80 }, { error: { name: 'TimeoutError', message: 'The operation was aborted due to timeout', code: '23' } });
    const stubs = await startForTest({ http: [{ host: '127.0.0.1', port: 1, tls: false, exchanges: [exchange] }] });
    const asked = httpGet({ port: portOf(stubs), path: '/slow', headers: { host: '127.0.0.1:1' }, signal: AbortSignal.timeout(200) });
    const [error] = (await once(asked, 'error')) as [Error];
    expect(error.name).toBe('AbortError');
    expect(stubs.served.map((served) => served.seq)).toEqual([1]);
  });

  it('lets the recorded time pass, to the head and to the end', async () => {
    const exchange = httpExchange({ seq: 1, url: 'http://api.example/', ms: 160 }, { headers: [['Content-Length', '4']], body: { text: 'abcd' }, ttfb: 80, chunks: [[0, 2], [80, 2]] });
    const stubs = await startForTest({ http: [{ ...HOST, exchanges: [exchange] }] }, { pace: 1 });
    const began = performance.now();
    const [response] = (await once(httpGet({ port: portOf(stubs), headers: { host: 'api.example' } }), 'response')) as [IncomingMessage];
    const head = performance.now() - began;
    const pieces: string[] = [];
    for await (const chunk of response as AsyncIterable<Buffer>) pieces.push(chunk.toString());
    const end = performance.now() - began;
    expect(pieces).toEqual(['ab', 'cd']);
    expect(head).toBeGreaterThan(70);
    expect(end).toBeGreaterThan(150);
  });
});

function ask(port: number, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const agent = new Agent({ keepAlive: false });
    request({ port, host: '127.0.0.1', servername: host, headers: { host }, ca: [testAuthority.pem], agent }, (response) => void text(response).then(resolve, reject))
      .on('error', (error: NodeJS.ErrnoException) => reject(new Error(error.code)))
      .end();
  });
}

describe('HTTPS stub', () => {
  it('is trusted for every recorded name that shares an address', async () => {
    const http = ['a.example', 'b.example'].map((host, index) => ({
      host,
      port: 443,
      tls: true,
      exchanges: [httpExchange({ seq: index + 1, url: `https://${host}/` }, { headers: [['content-length', String(host.length)]], body: { text: host } })],
    }));
    // Both resolve to one address and port, as two names of one server do.
    const port = await freePort();
    const stubs = await startForTest({ http }, { resolve: () => ({ address: '127.0.0.1', port }) });
    expect(await ask(port, 'b.example')).toBe('b.example');
    expect(await ask(port, 'a.example')).toBe('a.example');
    expect(stubs.divergences).toEqual([]);
  });

  it('shows the recorded wrong certificate again', async () => {
    const exchange = httpExchange({ seq: 4, url: 'https://a.example/' }, { error: { message: 'certificate has expired', code: 'CERT_HAS_EXPIRED', phase: 'tls' } });
    const stubs = await startForTest({ http: [{ host: 'a.example', port: 443, tls: true, exchanges: [exchange] }] });
    await expect(ask(portOf(stubs), 'a.example')).rejects.toThrow('CERT_HAS_EXPIRED');
    expect(stubs.served.map((served) => served.seq)).toEqual([4]);
    expect(stubs.notes).toEqual([]);
  });
});
