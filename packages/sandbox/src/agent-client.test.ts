import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { FrameChannel, PROTOCOL_VERSION } from '@deja/guest';
import type { Frame, GuestPlan } from '@deja/guest';
import { describe, expect, it, vi } from 'vitest';
import { AgentClient } from './agent-client.js';

/** A client, and the other end of its pipes. */
function pair(): { readonly client: AgentClient; readonly guest: FrameChannel; readonly received: Frame[]; readonly toHost: PassThrough } {
  const [toHost, toGuest] = [new PassThrough(), new PassThrough()];
  const received: Frame[] = [];
  const guest = new FrameChannel(toGuest, toHost, { frame: (frame) => received.push(frame), closed: () => undefined });
  return { client: new AgentClient(toHost, toGuest, { epitaph: () => 'its last words' }), guest, received, toHost };
}

const HELLO = { type: 'hello', protocol: PROTOCOL_VERSION, node: '24.0.0', pid: 1 };
const PLAN = { deadlines: { readyMs: 100, triggerMs: 100 } } as unknown as GuestPlan;

describe('the host', () => {
  it('takes answers by their number, whatever their order', async () => {
    const { client, guest } = pair();
    guest.send(HELLO);
    await client.ready();
    const [first, second] = [client.apply(PLAN), client.start()];
    guest.send({ type: 'failed', id: 2, error: { code: 'DEJA_APP_NOT_READY', message: 'late', output: ['a'] } });
    guest.send({ type: 'done', id: 1, ms: 5 });
    await expect(second).rejects.toMatchObject({ code: 'DEJA_APP_NOT_READY', output: ['a'] });
    expect(await first).toEqual({ ms: 5 });
  });

  it('refuses an agent of another version', async () => {
    const { client, guest } = pair();
    guest.send({ ...HELLO, protocol: PROTOCOL_VERSION - 1 });
    await expect(client.ready()).rejects.toMatchObject({ code: 'DEJA_SANDBOX_FAILED', message: expect.stringContaining(`version ${PROTOCOL_VERSION - 1} `) });
  });

  it.each([
    ['ends', (toHost: PassThrough) => toHost.end()],
    ['breaks off within a frame', (toHost: PassThrough) => toHost.end(Buffer.from([0, 0, 0, 9, 0]))],
    ['speaks something else', (toHost: PassThrough) => toHost.write('Segmentation fault (core dumped)')],
    ['sends what nobody knows', (_toHost: PassThrough, guest: FrameChannel) => guest.send({ type: 'nonsense' })],
  ])('gives up with the last words of a guest that %s', async (_what, act) => {
    const { client, guest, toHost } = pair();
    guest.send(HELLO);
    await client.ready();
    const waiting = client.apply(PLAN);
    act(toHost, guest);
    await expect(waiting).rejects.toMatchObject({ code: 'DEJA_SANDBOX_DIED', message: expect.stringContaining('its last words') });
    await expect(client.start()).rejects.toMatchObject({ code: 'DEJA_SANDBOX_DIED' });
  });

  it('hears what speaks first at the other end of a connection, and ends it with the guest', async () => {
    const { client, guest, toHost } = pair();
    guest.send(HELLO);
    await client.ready();
    const dialled = client.dial('127.0.0.1', 3306);
    guest.send({ type: 'done', id: 1, ms: 1 });
    guest.send({ type: 'bytes', connection: 1 }, Buffer.from('5.5.5-MariaDB'));
    guest.send({ type: 'bytes', connection: 77 }, Buffer.from('nobody asked'));
    const tunnel = await dialled;
    expect(String((await once(tunnel, 'data'))[0])).toBe('5.5.5-MariaDB');
    toHost.end();
    await once(tunnel, 'close');
  });

  it('has no connection where nothing listens', async () => {
    const { client, guest } = pair();
    guest.send(HELLO);
    await client.ready();
    const dialled = client.dial('127.0.0.1', 1);
    guest.send({ type: 'failed', id: 1, error: { code: 'DEJA_NOT_LISTENING', message: 'nothing' } });
    await expect(dialled).rejects.toMatchObject({ code: 'DEJA_NOT_LISTENING' });
  });

  it('has a deadline of its own for an agent that hangs', async () => {
    vi.useFakeTimers();
    try {
      const { client } = pair();
      const waiting = expect(client.trigger()).rejects.toMatchObject({ code: 'DEJA_SANDBOX_HUNG' });
      await vi.advanceTimersByTimeAsync(20_000);
      await waiting;
    } finally {
      vi.useRealTimers();
    }
  });

  it('survives a failure that is none', async () => {
    const { client, guest } = pair();
    const waiting = client.start();
    guest.send({ type: 'failed', id: 1, error: null });
    await expect(waiting).rejects.toMatchObject({ code: 'DEJA_AGENT_FAILED' });
  });
});
