import { once } from 'node:events';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TunnelFrame } from './protocol.js';
import { Tunnel } from './tunnel.js';

const MIB = 1024 * 1024;

/** Two ends, each frame a turn of the event loop away from the other. */
function ends(): { readonly near: Tunnel; readonly far: Tunnel; readonly sent: () => number } {
  let sent = 0;
  const to = (other: () => Tunnel) => (frame: TunnelFrame, payload: Uint8Array = new Uint8Array(0)) => {
    sent += payload.length;
    setImmediate(() => other().receive(frame.type, frame.type === 'taken' ? frame.bytes : 0, payload));
  };
  const near: Tunnel = new Tunnel(1, to(() => far));
  const far: Tunnel = new Tunnel(1, to(() => near));
  return { near, far, sent: () => sent };
}

async function all(tunnel: Tunnel): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of tunnel) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

describe('a tunnel', () => {
  it('gives out what was put in, both ways, to its end', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.uint8Array({ minLength: 1, maxLength: 200 })), fc.array(fc.uint8Array({ minLength: 1, maxLength: 200 })), async (there, back) => {
      const { near, far } = ends();
      for (const chunk of there) near.write(chunk);
      for (const chunk of back) far.write(chunk);
      near.end();
      far.end();
      expect(await Promise.all([all(far), all(near)])).toEqual([Buffer.concat(there), Buffer.concat(back)]);
    }), { numRuns: 30 });
  });

  it('sends no more than the window ahead of one that does not read, and the rest when it does', async () => {
    const { near, far, sent } = ends();
    const all5 = Buffer.alloc(5 * MIB, 'x');
    near.end(all5);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(sent()).toBeLessThanOrEqual(2 * MIB);
    expect((await all(far)).equals(all5)).toBe(true);
  });

  it('ends with one that sends without asking', async () => {
    const { far } = ends();
    for (let mib = 0; mib < 3; mib++) far.receive('bytes', 0, Buffer.alloc(MIB));
    const [error] = (await once(far, 'error')) as [Error];
    expect(error.message).toMatch(/more than it may/);
  });

  it('is over at both ends when one hangs up', async () => {
    const { near, far } = ends();
    near.destroy();
    await once(far, 'close');
    expect(far.destroyed).toBe(true);
  });
});
