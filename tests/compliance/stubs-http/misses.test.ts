import { connect } from 'node:http2';
import { connect as dial } from 'node:net';
import { assert, asyncProperty, integer, uint8Array } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compare, type Scenario } from './harness.ts';
import { watch } from './http2.scenarios.ts';
import { http2Server } from './servers.ts';

/** Sends `body` in pieces; the next one when the last was answered. */
async function talk(port: number, body: Uint8Array, size: number): Promise<unknown> {
  const session = connect(`http://localhost:${port}`, { createConnection: () => dial(port, '127.0.0.1') });
  session.on('error', () => undefined);
  const stream = session.request({ ':path': '/talk', ':method': 'POST' });
  const seen = watch(stream);
  let at = 0;
  const say = (): void => {
    if (at >= body.length) stream.end();
    else stream.write(body.subarray(at, (at += size)));
  };
  stream.on('data', say);
  say();
  const { events, pieces } = await seen;
  session.destroy();
  return { events, pieces };
}

const scenario = (body: Uint8Array, size: number): Scenario => ({
  name: 'a talk',
  serve: () => http2Server((stream) => {
    stream.respond({ ':status': 200 });
    stream.on('data', (piece: Buffer) => stream.write(`${piece.length}:${piece.toString('hex')}`));
    stream.on('end', () => stream.end());
  }),
  client: (port) => talk(port, body, size),
});

describe('talks over HTTP/2', () => {
  it('are replayed as they were, whatever was said', async () => {
    await assert(asyncProperty(uint8Array({ minLength: 1, maxLength: 40 }), integer({ min: 1, max: 20 }), async (body, size) => {
      const { recorded, replayed, divergences } = await compare(scenario(body, size));
      expect(replayed).toEqual(recorded);
      expect(divergences).toEqual([]);
    }), { numRuns: 15 });
  });

  it('end where another byte is said, and nothing that answers it is served', async () => {
    await assert(asyncProperty(uint8Array({ minLength: 2, maxLength: 40 }), integer({ min: 1, max: 20 }), integer({ min: 0, max: 39 }), async (body, size, where) => {
      const other = Uint8Array.from(body);
      const at = where % body.length;
      other[at] = (other[at] ?? 0) ^ 1;
      const { recorded, replayed, divergences } = await compare(scenario(body, size), (port) => talk(port, other, size));
      const [before, after] = [recorded, replayed] as { pieces: string[]; events: unknown[][] }[];
      expect(divergences).toHaveLength(1);
      // Up to the piece that differs the answers are those that were recorded; from there on there is none.
      const same = Math.floor(at / size);
      if (after?.events.some(([event, head]) => event === 'response' && JSON.stringify(head).includes('599'))) expect(same).toBe(0);
      else expect(after?.pieces).toEqual(before?.pieces.slice(0, same));
    }), { numRuns: 15 });
  });
});
