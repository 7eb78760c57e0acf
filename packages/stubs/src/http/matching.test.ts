import * as fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { HeaderList } from '@deja/format';
import { Ledger } from '../ledger.js';
import type { HttpExchange } from '../plan.js';
import { bodyReader } from '../runtime.js';
import { httpExchange, portOf, startForTest, stopAfterTest } from '../testing/plan.js';
import { describeExchange, differentRequest, httpKeys } from './match.js';
import type { HttpQuestion } from './question.js';

afterEach(stopAfterTest);

const bytes = bodyReader({});

function asked(part: Partial<HttpExchange> & { readonly url: string }): HttpQuestion {
  const url = new URL(part.url);
  const body = bytes(part.body);
  return { method: part.method ?? 'GET', target: url.pathname + url.search, headers: [['Host', url.host], ...(part.headers ?? [])], body, size: body.length, tail: body.subarray(-1024) };
}

function difference(recorded: Partial<HttpExchange> & { readonly url: string }, question: Partial<HttpExchange> & { readonly url: string }): string | null {
  return differentRequest(httpExchange({ seq: 1, ...recorded }, {}), asked({ ...question }), bytes)?.text ?? null;
}

const JSON_TYPE: HeaderList = [['content-type', 'application/json']];

describe('equal requests', () => {
  const url = 'https://api.example/v1/charge?a=1&b=2';
  it.each([
    ['other order of query parameters', { url }, { url: 'https://api.example/v1/charge?b=2&a=1' }],
    ['other time, program and signature', { url, headers: [['Authorization', 'AWS4 one'], ['x-amz-date', '1'], ['User-Agent', 'a']] }, { url, headers: [['authorization', 'AWS4 two'], ['User-Agent', 'b'], ['traceparent', 'x']] }],
    ['other negotiation', { url, headers: [['Accept-Encoding', 'gzip']] }, { url, headers: [['accept', '*/*']] }],
    ['JSON with other spaces and key order', { url, method: 'POST', headers: JSON_TYPE, body: { text: '{"a":1,"b":[2.0]}' } }, { url, method: 'POST', headers: JSON_TYPE, body: { text: '{ "b": [2], "a": 1 }' } }],
    ['a presigned URL signed at another time', { url: 'https://s3.example/b/k?X-Amz-Date=1&X-Amz-Signature=2&x-id=GetObject' }, { url: 'https://s3.example/b/k?X-Amz-Date=3&X-Amz-Signature=4&x-id=GetObject' }],
    [
      'another multipart boundary',
      { url, method: 'POST', headers: [['Content-Type', 'multipart/form-data; boundary=AAA']], body: { text: '--AAA\r\n\r\nx\r\n--AAA--' } },
      { url, method: 'POST', headers: [['Content-Type', 'multipart/form-data; boundary=BBBB']], body: { text: '--BBBB\r\n\r\nx\r\n--BBBB--' } },
    ],
    ['default port in the authority', { url: 'https://api.example:443/' }, { url: 'https://api.example/', headers: [] }],
  ] as const)('%s', (_, recorded, question) => {
    expect(difference(recorded, question)).toBeNull();
  });
});

describe('the path', () => {
  it('may be recorded as a URL object writes it', () => {
    const recorded = httpExchange({ seq: 1, url: 'https://api.example/a|b/c%22d' }, {});
    const question = { method: 'GET', headers: [['Host', 'api.example']] as const, body: Buffer.alloc(0), size: 0, tail: Buffer.alloc(0) };
    expect(differentRequest(recorded, { ...question, target: '/x/../a|b/c"d' }, bytes)).toBeNull();
    expect(differentRequest(recorded, { ...question, target: '/x/../a|b/c"e' }, bytes)?.text).toBe('path /x/../a|b/c"e instead of /a|b/c%22d');
  });
});

describe('differences are named', () => {
  const url = 'https://api.example/v1/charge';
  it.each([
    [{ url, method: 'POST' }, { url }, 'method GET instead of POST'],
    [{ url }, { url: `${url}s` }, 'path /v1/charges instead of /v1/charge'],
    [{ url: `${url}?a=1&a=2` }, { url: `${url}?a=2&a=1` }, "query parameter a is '2' instead of '1'"],
    [{ url }, { url: `${url}?c=1` }, 'query parameter c was not sent'],
    [{ url, headers: [['x-tenant', 'a']] }, { url, headers: [['X-Tenant', 'b']] }, "header x-tenant 'b' instead of 'a'"],
    [{ url, headers: [['range', 'bytes=0-9']] }, { url }, 'header range is missing'],
    [{ url }, { url, headers: [['if-none-match', '"x"']] }, 'header if-none-match was not sent'],
    [{ url, headers: JSON_TYPE, body: { text: '{"amount":{"cents":12345678901234567890}}' } }, { url, headers: JSON_TYPE, body: { text: '{"amount":{"cents":12345678901234567891}}' } }, 'body at $.amount.cents: 12345678901234567891 instead of 12345678901234567890'],
    [{ url, headers: [['content-type', 'application/x-www-form-urlencoded']], body: { text: 'a=1&b=2' } }, { url, headers: [['content-type', 'application/x-www-form-urlencoded']], body: { text: 'b=3&a=1' } }, "body field b is '3' instead of '2'"],
    [{ url, body: { base64: 'AAEC' } }, { url, body: { base64: 'AAED' } }, 'body from byte 2 on: 0x03 instead of 0x02'],
    [{ url, body: { text: 'abc', truncated: 5 } }, { url, body: { text: 'abcdefg' } }, 'body of 7 instead of 8 bytes'],
    [{ url: 'https://a.s3.example/k' }, { url: 'https://b.s3.example/k' }, 'authority b.s3.example instead of a.s3.example'],
  ] as const)('%j asked as %j', (recorded, question, text) => {
    expect(difference(recorded, question)).toBe(text);
  });
});

const request = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT'),
  path: fc.constantFrom('/a', '/b', '/a/b'),
  query: fc.constantFrom('', '?x=1', '?x=2'),
  tenant: fc.constantFrom('1', '2'),
  body: fc.option(fc.jsonValue({ maxDepth: 2 })),
});
type Request = typeof request extends fc.Arbitrary<infer R> ? R : never;

function exchangeOf(seq: number, drawn: Request): HttpExchange {
  const body = drawn.body === null ? {} : { body: { text: JSON.stringify(drawn.body) } };
  return httpExchange({ seq, url: `http://h.example${drawn.path}${drawn.query}`, method: drawn.method, headers: [['x-tenant', drawn.tenant], ...JSON_TYPE], ...body }, {});
}

describe('laws of serving', () => {
  it('replays any recorded sequence identically, each exchange once, and then nothing', () => {
    fc.assert(
      fc.property(fc.array(request, { minLength: 1, maxLength: 12 }), (drawn) => {
        const exchanges = drawn.map((one, index) => exchangeOf(index + 1, one));
        const ledger = new Ledger<HttpExchange, HttpQuestion>(exchanges, (exchange, question) => differentRequest(exchange, question, bytes), describeExchange, { keys: httpKeys(bytes) });
        const served = exchanges.map((exchange) => ledger.take(asked(exchange)));
        expect(served.map((taken) => ('exchange' in taken ? taken.exchange.seq : null))).toEqual(exchanges.map((exchange) => exchange.seq));
        for (const exchange of exchanges) expect('miss' in ledger.take(asked(exchange))).toBe(true);
      }),
    );
  });

  it('finds by its keys exactly what comparing with each would find', () => {
    fc.assert(
      fc.property(fc.array(request, { minLength: 1, maxLength: 12 }), fc.array(request, { maxLength: 12 }), fc.boolean(), (drawn, others, repeat) => {
        const exchanges = drawn.map((one, index) => ({ ...exchangeOf(index + 1, one), repeat }));
        const differ = (exchange: HttpExchange, question: HttpQuestion) => differentRequest(exchange, question, bytes);
        const [keyed, plain] = [new Ledger(exchanges, differ, describeExchange, { keys: httpKeys(bytes) }), new Ledger(exchanges, differ, describeExchange)];
        const ask = (ledger: Ledger<HttpExchange, HttpQuestion>) => [...drawn, ...others].toReversed().map((one, index) => ledger.take(asked(exchangeOf(index, one))));
        expect(ask(keyed)).toEqual(ask(plain));
      }),
    );
  });

  it('prefers what is equal to the letter, whatever was recorded first', () => {
    const [first, second] = ['{"at":"2026-03-01T10:00:01.000Z"}', '{"at":"2026-03-01T10:00:02.000Z"}'].map((text, index) => httpExchange({ seq: index + 1, url: 'http://h.example/', method: 'POST', time: Date.parse('2026-03-01T10:00:01Z'), headers: JSON_TYPE, body: { text } }, {}));
    if (!first || !second) throw new Error('there are two');
    const ledger = new Ledger<HttpExchange, HttpQuestion>([first, second], (exchange, question) => differentRequest(exchange, question, bytes), describeExchange, { keys: httpKeys(bytes) });
    expect([second, second].map((one) => ledger.take(asked(one)))).toEqual([{ exchange: second }, { exchange: first }]);
  });

  it('never serves a request that was changed in any one part', () => {
    const changes: readonly ((one: HttpExchange) => HttpExchange)[] = [
      (one) => ({ ...one, method: 'PATCH' }),
      (one) => ({ ...one, url: one.url.replace('/a', '/c').replace('/b', '/d') }),
      (one) => ({ ...one, url: `${one.url}${one.url.includes('?') ? '&' : '?'}z=1` }),
      (one) => ({ ...one, headers: one.headers.map(([name, value]) => [name, name === 'x-tenant' ? '3' : value]) }),
      (one) => ({ ...one, body: { text: JSON.stringify({ changed: bytes(one.body).toString() }) } }),
    ];
    fc.assert(
      fc.property(fc.array(request, { minLength: 1, maxLength: 6 }), fc.constantFrom(...changes), fc.nat(), (drawn, change, pick) => {
        const exchanges = drawn.map((one, index) => exchangeOf(index + 1, one));
        const ledger = new Ledger<HttpExchange, HttpQuestion>(exchanges, (exchange, question) => differentRequest(exchange, question, bytes), describeExchange, { keys: httpKeys(bytes) });
        const target = exchanges[pick % exchanges.length];
        if (!target) return;
        const taken = ledger.take(asked(change(target)));
        expect('miss' in taken && taken.miss.nearest !== undefined).toBe(true);
      }),
    );
  });
});

describe('a miss', () => {
  it('is answered by 599 and told with the nearest recorded request', async () => {
    const exchange = httpExchange({ seq: 9, url: 'http://h.example/users/47' }, { body: { text: 'Ada' } });
    const told: string[] = [];
    const stubs = await startForTest({ http: [{ host: 'h.example', port: 80, tls: false, exchanges: [exchange] }] }, { onDivergence: (divergence) => told.push(divergence.asked) });
    const response = await fetch(`http://127.0.0.1:${portOf(stubs)}/users/48`);
    expect([response.status, response.headers.get('x-deja-divergence')]).toEqual([599, '1']);
    expect(await response.text()).not.toContain('Ada');
    expect(stubs.divergences[0]).toMatchObject({ stub: 'http://h.example:80', asked: 'GET /users/48', nearest: { seq: 9, text: 'GET http://h.example/users/47' } });
    expect(told).toEqual(['GET /users/48']);
    expect(stubs.served).toEqual([]);
  });

  it('says so when the request was recorded but has been served already', async () => {
    const headers: HeaderList = [['content-length', '1']];
    const once = httpExchange({ seq: 1, url: 'http://127.0.0.1:7/once' }, { headers, body: { text: '1' } });
    const often = httpExchange({ seq: 2, url: 'http://127.0.0.1:7/often', repeat: true }, { headers, body: { text: '2' } });
    const stubs = await startForTest({ http: [{ host: '127.0.0.1', port: 7, tls: false, exchanges: [{ ...once, headers: [] }, often] }] }, { resolve: () => ({ address: '127.0.0.1', port: 0 }) });
    const statuses: number[] = [];
    const { request: ask } = await import('node:http');
    for (const path of ['/once', '/often', '/often', '/once']) {
      statuses.push(await new Promise((resolve) => ask({ port: portOf(stubs), path, headers: { host: '127.0.0.1:7' } }, (response) => resolve(response.resume().statusCode ?? 0)).end()));
    }
    expect(statuses).toEqual([200, 200, 200, 599]);
    expect(stubs.divergences[0]?.nearest).toEqual({ seq: 1, text: 'GET http://127.0.0.1:7/once', difference: 'was recorded once and has been served as often' });
  });
});
