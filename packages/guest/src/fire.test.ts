import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { machineClock } from '@deja/stubs/clock';
import { describe, expect, it } from 'vitest';
import { fire } from './fire.js';
import { get, planFor } from './testing/plan.js';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('firing a request', () => {
  it('reaches an application that opens this address a moment after another one', async () => {
    const port = await freePort();
    let seen = 0;
    const server = createServer((_request, response) => response.end(String(++seen)));
    const plan = planFor({ command: [], cwd: '/', preload: '' }, { triggers: [{ request: 0, at: 0, trigger: get(port) }] });
    const fired = fire({ plan, clock: machineClock, deliver: () => Promise.resolve(null) }, new AbortController().signal, () => undefined);
    setTimeout(() => server.listen(port, '127.0.0.1'), 60);
    const [result] = await fired;
    server.close();
    expect(result?.response?.status).toBe(200);
    expect(seen).toBe(1);
  });

  it('says that it was refused when nobody opens the address', async () => {
    const plan = planFor({ command: [], cwd: '/', preload: '' }, { triggers: [{ request: 0, at: 0, trigger: get(await freePort()) }] });
    const [result] = await fire({ plan, clock: machineClock, deliver: () => Promise.resolve(null) }, new AbortController().signal, () => undefined);
    expect(result?.error).toContain('ECONNREFUSED');
  });
});
