import { connect, type Socket } from 'node:net';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeCommand, encodeResp, RespReplySplitter } from '@deja/wire';
import type { RedisReply } from '@deja/format';
import type { RedisExchange } from '../plan.js';
import { portOf, startForTest, stopAfterTest } from '../testing/plan.js';

const word = fc.string({ minLength: 1, maxLength: 6, unit: 'grapheme' });
const leaf: fc.Arbitrary<RedisReply> = fc.oneof(
  word.map((bulk) => ({ bulk })),
  fc.uint8Array({ maxLength: 8 }).map((bytes) => ({ base64: Buffer.from(bytes).toString('base64') })),
  fc.integer().map((integer) => ({ integer: String(integer) })),
  fc.constant({ null: true as const }),
  fc.constant({ error: 'WRONGTYPE Operation against a key' }),
);
const reply: fc.Arbitrary<RedisReply> = fc.oneof(leaf, fc.array(leaf, { maxLength: 3 }).map((array) => ({ array })));
/** Few commands, so that many are equal. */
const talk = fc.array(fc.record({ command: fc.tuple(fc.constantFrom('get', 'SET', 'hget'), fc.constantFrom('a', 'b')), ok: reply, session: fc.constantFrom(1, 2) }), { minLength: 1, maxLength: 12 });

/** What comes back over each connection, in order. */
class Client {
  readonly #socket: Socket;
  readonly #replies: Buffer[] = [];
  #wake: () => void = () => undefined;

  constructor(port: number) {
    const splitter = new RespReplySplitter();
    this.#socket = connect(port, '127.0.0.1');
    this.#socket.on('data', (chunk: Buffer) => {
      this.#replies.push(...splitter.push(chunk));
      this.#wake();
    });
  }

  async ask(words: readonly string[]): Promise<Buffer> {
    this.#socket.write(encodeCommand(words));
    while (this.#replies.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.#replies.shift() ?? Buffer.alloc(0);
  }

  end(): void {
    this.#socket.destroy();
  }
}

async function replayed(said: readonly { readonly command: readonly string[]; readonly ok: RedisReply; readonly session: number }[], changed?: number): Promise<{ readonly replies: readonly string[]; readonly divergences: number }> {
  const exchanges = said.map(({ command, ok, session }, index): RedisExchange => ({ seq: index + 1, repeat: false, session, command, outcome: { ok } }));
  const stubs = await startForTest({ redis: [{ name: 'cache', host: 'redis.example', port: 6379, tls: false, exchanges }] });
  const clients = new Map([1, 2].map((session) => [session, new Client(portOf(stubs))]));
  try {
    const replies: string[] = [];
    for (const [index, { command, session }] of said.entries()) replies.push(String(await clients.get(session)?.ask(index === changed ? [...command, 'otherwise'] : command)));
    return { replies, divergences: stubs.divergences.length };
  } finally {
    for (const client of clients.values()) client.end();
    await stopAfterTest();
  }
}

describe('any talk with Redis', () => {
  it('is replayed as it was', async () => {
    await fc.assert(
      fc.asyncProperty(talk, async (said) => {
        expect(await replayed(said)).toEqual({ replies: said.map(({ ok }) => String(encodeResp(ok, 2))), divergences: 0 });
      }),
      { numRuns: 60 },
    );
  });

  it('diverges where something else is asked, and gets no answer of the recording there', async () => {
    await fc.assert(
      fc.asyncProperty(talk, fc.nat(), async (said, at) => {
        const changed = at % said.length;
        const { replies, divergences } = await replayed(said, changed);
        expect(divergences).toBe(1);
        expect(replies[changed]).toMatch(/^-DEJA divergence: not in the recording/);
      }),
      { numRuns: 60 },
    );
  });
});
