import crypto, { randomUUID } from 'node:crypto';
import dns from 'node:dns';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { hookRandomness } from '../random/sources.js';
import { recordRandomness } from '../random/record.js';
import type { EventBody } from '@deja/format';
import { installClock } from './clock.js';
import { replayRandomness } from './randomness.js';
import { redirectConnections } from './redirect.js';

const installed: Disposable[] = [];
const keep = <T extends Disposable>(one: T): T => {
  installed.push(one);
  return one;
};
afterEach(() => {
  for (const one of installed.splice(0).toReversed()) one[Symbol.dispose]();
});

describe('clock', () => {
  const at = Date.UTC(2031, 4, 1, 12);
  const seconds = (date: Date): number => Math.round((date.getTime() - at) / 1000);

  test('every way of asking for the time shows the recorded one, and it goes on', async () => {
    const before = new Date();
    const perf = performance.now();
    const clock = keep(installClock(at));
    await new Promise((resolve) => setTimeout(resolve, 30));
    clock.reached();
    const first = Date.now();
    expect(Math.abs(first - at)).toBeLessThan(20);
    expect(seconds(new Date())).toBe(0);
    // oxlint-disable-next-line unicorn/new-for-builtins -- what `Date()` gives is what is tested
    expect(Date()).toContain('2031');
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(Date.now() - first).toBeGreaterThanOrEqual(25);
    expect(performance.now() - perf).toBeLessThan(60_000);
    expect(before).toBeInstanceOf(Date);
    expect(new Date().constructor).toBe(Date);
    expect(new Date(before)).toEqual(before);
  });

  test('subclasses, arguments, statics and the disposal', () => {
    const Real = Date;
    const clock = installClock(at);
    class Stamp extends Date {
      label(): string {
        return `at ${this.getUTCFullYear()}`;
      }
    }
    expect(new Stamp().label()).toBe('at 2031');
    expect(new Stamp(0)).toBeInstanceOf(Stamp);
    expect(new Date(2020, 1, 2).getFullYear()).toBe(2020);
    expect([Date.UTC(1970, 0, 1), Date.parse('1970-01-01T00:00:00Z'), Date.name, Date.length]).toEqual([0, 0, 'Date', 7]);
    expect(structuredClone(new Date())).toBeInstanceOf(Real);
    clock[Symbol.dispose]();
    expect(Date).toBe(Real);
    expect(new Date().constructor).toBe(Real);
  });
});

describe('randomness', () => {
  test('each request gets its recorded draws in order, whoever draws; then real ones', async () => {
    let request: number | undefined = 1;
    const uuid = '7e57ab1e-0000-4000-8000-000000000001';
    keep(replayRandomness(
      [
        { request: 1, source: 'Math.random', value: '0.25' },
        { request: 0, source: 'Math.random', value: '0.5' },
        { request: 1, source: 'randomUUID', value: uuid },
        { request: 1, source: 'randomBytes', value: Buffer.from('abcd').toString('base64') },
        { request: 1, source: 'randomBytes', value: Buffer.from('efgh').toString('base64') },
        { request: 1, source: 'randomInt', value: '6' },
        { request: 1, source: 'randomInt', value: '7' },
      ],
      () => request,
    ));
    expect(Math.random()).toBe(0.25);
    expect(randomUUID()).toBe(uuid);
    expect(globalThis.crypto.randomUUID()).not.toBe(uuid);
    expect(crypto.randomBytes(4).toString()).toBe('abcd');
    expect(String(await promisify(crypto.randomBytes)(4))).toBe('efgh');
    expect(crypto.randomInt(10)).toBe(6);
    expect(await new Promise((resolve, reject) => crypto.randomInt(5, 10, (error, value) => (error ? reject(error) : resolve(value))))).toBe(7);
    request = 0;
    expect(Math.random()).toBe(0.5);
    request = undefined;
    expect(crypto.randomBytes(100)).toHaveLength(100);
    expect(crypto.randomInt(3)).toBeLessThan(3);
  });

  test('wrong arguments fail as they do without', () => {
    keep(hookRandomness((_, draw) => draw()));
    expect(() => crypto.randomBytes(-1)).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }));
    expect(() => crypto.randomInt(5, 1)).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }));
  });

  test('what is recorded is what was drawn, only for a scope and only so many', () => {
    const events: EventBody[] = [];
    let scope: object | undefined;
    const packing = { body: () => ({ text: '' }), unknown: () => ({ text: '' }), redact: (_: string, value: string) => value, database: () => '', server: () => '', limit: () => {} };
    keep(recordRandomness({ currentScope: () => scope, perScope: 3 }).install({
      begin: (live) => {
        events.push(live.toBody(packing));
        return null;
      },
      unobserved: (fn) => fn(),
    }));
    Math.random();
    scope = {};
    const drawn = [String(Math.random()), randomUUID(), crypto.randomBytes(8).toString('base64'), String(Math.random())];
    expect(events.map((event) => ('ok' in event.outcome ? event.outcome.ok : null))).toEqual(drawn.slice(0, 3).map((value) => ({ value })));
  });
});

describe('redirected connections', () => {
  test('recorded names lead to the stub, whatever the client; the rest is refused and said', async () => {
    const server = await stub();
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    keep(redirectConnections([
      { host: 'payments.example', port: 8443, toAddress: '127.0.0.1', toPort: server.port },
      { host: '10.9.8.7', port: 80, toAddress: '127.0.0.1', toPort: server.port },
    ]));
    expect(await (await fetch('http://payments.example:8443/x')).text()).toBe('stub of payments.example:8443');
    expect(await got('http://payments.example:8443/')).toBe('stub of payments.example:8443');
    expect(await got('http://10.9.8.7/')).toBe('stub of 10.9.8.7');
    expect(await got(`http://127.0.0.1:${server.port}/`)).toContain('stub of');
    await expect(got('http://payments.example:9999/')).rejects.toMatchObject({ code: 'ECONNREFUSED', syscall: 'connect', port: 9999 });
    await expect(got('http://registry.example/')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(said.mock.calls.map(([text]) => text)).toContain('deja: refused a connection to registry.example:80, which the recording does not have\n');
    said.mockRestore();
    expect(await dns.promises.lookup('payments.example')).toEqual({ address: '127.0.0.1', family: 4 });
    expect(await promisify(dns.lookup)('payments.example', { all: true })).toEqual([{ address: '127.0.0.1', family: 4 }]);
  });

  test('every form of connect, and Unix sockets pass', async () => {
    const server = await stub();
    keep(redirectConnections([{ host: 'localhost', port: 6379, toAddress: '127.0.0.1', toPort: server.port }]));
    for (const connect of [() => net.connect(6379), () => net.connect(6379, '127.0.0.1'), () => net.connect({ port: 6379, host: 'localhost' }), () => new net.Socket().connect(6379, 'localhost')]) {
      const socket = connect();
      await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
      expect(socket.remotePort).toBe(server.port);
      socket.destroy();
    }
    const unix = net.connect('/nowhere/at.all');
    await expect(new Promise((resolve, reject) => unix.once('connect', resolve).once('error', reject))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

function got(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    http.get(url, { agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += String(chunk))).on('end', () => resolve(text));
    }).on('error', reject);
  });
}

async function stub() {
  const server = http.createServer((request, response) => response.end(`stub of ${request.headers.host ?? ''}`));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  keep({
    [Symbol.dispose]: () => {
      server.closeAllConnections();
      server.close();
    },
  });
  return { port: (server.address() as AddressInfo).port };
}
