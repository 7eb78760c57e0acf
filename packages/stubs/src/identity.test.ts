import * as fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { HeaderList, RedisReply } from '@deja/format';
import { encodeResp } from '@deja/wire';
import type { RedisExchange } from './plan.js';
import { httpExchange, portOf, startForTest, stopAfterTest } from './testing/plan.js';
import { rawExchange } from './testing/raw-http.js';

afterEach(stopAfterTest);

const token = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,8}$/).map((name) => `X-${name}`);
const value = fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/);
const answer = fc.record({
  status: fc.constantFrom(200, 201, 400, 404, 418, 500, 503),
  statusText: fc.stringMatching(/^[A-Za-z ]{0,12}$/),
  headers: fc.array(fc.tuple(token, value), { maxLength: 5 }),
  body: fc.uint8Array({ minLength: 1, maxLength: 300 }),
  chunked: fc.boolean(),
  pieces: fc.array(fc.integer({ min: 1, max: 100 }), { maxLength: 4 }),
});

describe('replay is identical', () => {
  it('HTTP: the recorded bytes, whatever they were', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(answer, { minLength: 1, maxLength: 5 }), async (answers) => {
        const expected: string[] = [];
        const exchanges = answers.map((one, index) => {
          const framing: HeaderList = one.chunked ? [['Transfer-Encoding', 'chunked']] : [['Content-Length', String(one.body.length)]];
          const last: HeaderList = index === answers.length - 1 ? [['Connection', 'close']] : [];
          const headers: HeaderList = [...one.headers, ...framing, ...last];
          const body = Buffer.from(one.body);
          const head = `HTTP/1.1 ${one.status} ${one.statusText}\r\n${headers.map(([name, text]) => `${name}: ${text}\r\n`).join('')}\r\n`;
          expected.push(head + (one.chunked ? chunkedText(body, one.pieces) : body.toString('latin1')));
          return httpExchange(
            { seq: index + 1, url: `http://h.example/${index}` },
            { status: one.status, statusText: one.statusText, headers, body: { base64: body.toString('base64') }, chunks: one.pieces.map((size) => [0, size] as const) },
          );
        });
        const stubs = await startForTest({ http: [{ host: 'h.example', port: 80, tls: false, exchanges }] });
        const asked = answers.map((_, index) => `GET /${index} HTTP/1.1\r\nHost: h.example\r\n\r\n`).join('');
        const { text } = await rawExchange(portOf(stubs), asked);
        await stopAfterTest();
        expect(text).toBe(expected.join(''));
        // Requests that were sent ahead are answered side by side; only the wire keeps their order.
        expect(stubs.served.map((served) => served.seq).toSorted((a, b) => a - b)).toEqual(exchanges.map((exchange) => exchange.seq));
      }),
      { numRuns: 40 },
    );
  });

  it('Redis: the recorded replies in the order of asking, and no reply of another command', async () => {
    const leaf: fc.Arbitrary<RedisReply> = fc.oneof(
      fc.string().map((bulk) => ({ bulk: bulk.toWellFormed() })),
      fc.uint8Array({ maxLength: 8 }).map((bytes) => ({ base64: Buffer.from(bytes).toString('base64') })),
      fc.bigInt().map((number) => ({ integer: String(number) })),
      fc.constant({ null: true } as const),
      fc.constant({ error: 'ERR recorded' }),
    );
    const reply: fc.Arbitrary<RedisReply> = fc.oneof(leaf, fc.array(leaf, { maxLength: 4 }).map((array) => ({ array })));
    const command = fc.tuple(fc.constantFrom('GET', 'HGETALL', 'SMEMBERS'), fc.constantFrom('a', 'b', 'ü'));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(command, reply), { minLength: 1, maxLength: 8 }), async (pairs) => {
        const exchanges = pairs.map(([asked, ok], index): RedisExchange => ({ seq: index + 1, repeat: false, session: 1, command: asked, outcome: { ok } }));
        const stubs = await startForTest({ redis: [{ name: 'cache', host: 'r.example', port: 6379, tls: false, exchanges }] });
        const asked = [...pairs.map(([words]) => words), ['GET', 'never recorded'], ['QUIT']];
        const { text } = await rawExchange(portOf(stubs), Buffer.concat(asked.map(encodeCommand)));
        await stopAfterTest();
        const recorded = Buffer.concat(pairs.map(([, ok]) => encodeResp(ok, 2))).toString('latin1');
        expect(text.startsWith(`${recorded}-DEJA divergence`)).toBe(true);
        expect(text.endsWith('+OK\r\n')).toBe(true);
        expect(stubs.divergences.map((divergence) => divergence.asked)).toEqual(['GET "never recorded"']);
      }),
      { numRuns: 40 },
    );
  });
});

function chunkedText(body: Buffer, pieces: readonly number[]): string {
  const cut: Buffer[] = [];
  let at = 0;
  for (const size of pieces) {
    if (at >= body.length) break;
    cut.push(body.subarray(at, at + size));
    at += size;
  }
  const rest = body.subarray(at);
  // What the record does not account for belongs to the last piece.
  if (rest.length > 0) cut.push(Buffer.concat([cut.pop() ?? Buffer.alloc(0), rest]));
  return `${cut.map((piece) => `${piece.length.toString(16)}\r\n${piece.toString('latin1')}\r\n`).join('')}0\r\n\r\n`;
}

function encodeCommand(words: readonly string[]): Buffer {
  return encodeResp({ array: words.map((bulk) => ({ bulk })) }, 2);
}
