import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import type { RedisExchange } from './plan.js';
import { httpExchange, portOf, startForTest, stopAfterTest } from './testing/plan.js';
import { rawExchange } from './testing/raw-http.js';

afterEach(stopAfterTest);

const HTTP = { host: 'api.example', port: 80, tls: false, exchanges: [httpExchange({ seq: 1, url: 'http://api.example/' }, { headers: [['Content-Length', '2'], ['Connection', 'close']], body: { text: 'hi' } })] } as const;
const GET = 'GET / HTTP/1.1\r\nHost: api.example\r\n\r\n';
const PING: RedisExchange = { seq: 1, repeat: false, session: 1, command: ['GET', 'k'], outcome: { ok: { bulk: 'v' } } };
const REDIS = { name: 'cache', host: 'redis', port: 6379, tls: false, exchanges: [PING] } as const;

/** A connection to a stub, open. */
async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** Sends it, and waits until the stub has ended the connection. */
async function ended(port: number, bytes: string | Buffer): Promise<void> {
  const socket = await open(port);
  socket.write(bytes);
  await closed(socket.resume());
}

/** However it came to that. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

describe('bytes of another protocol are told as what they are, and the stub goes on', () => {
  it.each([
    ['HTTP', 'a TLS handshake', Buffer.from('16030100a5010000a10303', 'hex')],
    ['HTTP', 'a Redis command', '*1\r\n$4\r\nPING\r\n'],
    ['HTTP', 'SSH', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['HTTP', 'bytes: 00 01 02', Buffer.from([0, 1, 2, 3, 0x0a, 0x0a])],
  ])('%s: %s', async (_, what, bytes) => {
    const stubs = await startForTest({ http: [HTTP] });
    await ended(portOf(stubs), bytes);
    expect(stubs.divergences).toMatchObject([{ stub: 'http://api.example:80', asked: expect.stringContaining(what) as string, reason: expect.stringContaining('no HTTP/1.1') as string }]);
    expect((await rawExchange(portOf(stubs), GET)).text).toMatch(/^HTTP\/1\.1 200/);
  });

  it('HTTP without TLS at a port that speaks TLS', async () => {
    const stubs = await startForTest({ http: [{ ...HTTP, tls: true }] });
    await ended(portOf(stubs), GET);
    expect(stubs.divergences).toMatchObject([{ asked: 'an HTTP/1.1 request without TLS', reason: 'TLS is spoken at this port' }]);
    await ended(portOf(stubs), 'x'.repeat(100));
    expect(stubs.divergences).toHaveLength(2);
    const secure = connectTls({ port: portOf(stubs), host: '127.0.0.1', servername: 'api.example', rejectUnauthorized: false });
    secure.write(GET);
    const [answer] = (await once(secure, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 200/);
    secure.destroy();
  });

  it('Redis: a TLS handshake, a wrong length', async () => {
    const stubs = await startForTest({ redis: [REDIS] });
    await ended(portOf(stubs), Buffer.from(`16030100a5${'01'.repeat(70_000)}`, 'hex'));
    await ended(portOf(stubs), '*1\r\n$99999999999\r\n');
    expect(stubs.divergences).toMatchObject([
      { stub: 'redis cache', reason: 'RESP: inline command is too long' },
      { stub: 'redis cache', asked: expect.stringContaining('a Redis command') as string, reason: "RESP: invalid length '99999999999'" },
    ]);
    expect((await rawExchange(portOf(stubs), '*2\r\n$3\r\nGET\r\n$1\r\nk\r\n*1\r\n$4\r\nQUIT\r\n')).text).toContain('$1\r\nv\r\n');
  });

  it('HTTP/2: a frame that is none', async () => {
    const stubs = await startForTest({ http: [HTTP] });
    await ended(portOf(stubs), `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${'\xff'.repeat(64)}`);
    expect(stubs.notes.join()).toContain('HTTP/2');
    expect((await rawExchange(portOf(stubs), GET)).text).toMatch(/^HTTP\/1\.1 200/);
  });
});

describe('what has no end', () => {
  it('a request body: told with its size so far, and refused', async () => {
    const stubs = await startForTest({ http: [HTTP] });
    const socket = await open(portOf(stubs));
    const over = closed(socket.resume());
    socket.write('POST /endless HTTP/1.1\r\nHost: api.example\r\nTransfer-Encoding: chunked\r\n\r\n');
    const piece = Buffer.concat([Buffer.from('100000\r\n'), Buffer.alloc(0x100000, 1), Buffer.from('\r\n')]);
    const pour = (): void => {
      while (!socket.destroyed && socket.write(piece));
    };
    socket.on('drain', pour);
    pour();
    await over;
    expect(stubs.divergences).toMatchObject([{ asked: expect.stringMatching(/^POST \/endless \(a body without end: \d+ bytes so far\)$/) as string, nearest: { seq: 1 } }]);
    expect((await rawExchange(portOf(stubs), GET)).text).toMatch(/^HTTP\/1\.1 200/);
  });

  it('a head: refused by the parser, told', async () => {
    const stubs = await startForTest({ http: [HTTP] });
    await ended(portOf(stubs), `GET / HTTP/1.1\r\nX: ${'x'.repeat(100_000)}`);
    expect(stubs.divergences).toMatchObject([{ reason: expect.stringContaining('no HTTP/1.1') as string }]);
  });
});

it('a client that never reads holds up nobody else', async () => {
  const big = httpExchange({ seq: 1, url: 'http://api.example/big', done: 1 }, { headers: [['Content-Length', String(32 * 1024 * 1024)]], body: { text: 'x'.repeat(32 * 1024 * 1024) } });
  const stubs = await startForTest({ http: [{ ...HTTP, exchanges: [big, ...HTTP.exchanges] }] });
  const deaf = await open(portOf(stubs));
  deaf.pause();
  deaf.write('GET /big HTTP/1.1\r\nHost: api.example\r\n\r\n');
  expect((await rawExchange(portOf(stubs), GET)).text).toMatch(/^HTTP\/1\.1 200/);
  deaf.destroy();
});

it('two thousand connections at once, each of them answered', async () => {
  const exchanges = Array.from({ length: 2000 }, (_, index) => httpExchange({ seq: index + 1, url: `http://api.example/${index}` }, { headers: [['Content-Length', '1'], ['Connection', 'close']], body: { text: '.' } }));
  const stubs = await startForTest({ http: [{ ...HTTP, exchanges }] });
  const sockets = await Promise.all(exchanges.map(() => open(portOf(stubs))));
  const answers = await Promise.all(
    sockets.map(async (socket, index) => {
      socket.write(`GET /${index} HTTP/1.1\r\nHost: api.example\r\n\r\n`);
      const [answer] = (await once(socket, 'data')) as [Buffer];
      return answer.toString().startsWith('HTTP/1.1 200');
    }),
  );
  expect(answers.filter(Boolean)).toHaveLength(2000);
  expect(stubs.divergences).toEqual([]);
  for (const socket of sockets) socket.destroy();
});
