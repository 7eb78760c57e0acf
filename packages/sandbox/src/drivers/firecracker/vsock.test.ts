import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { connectVsock } from './vsock.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'deja-vsock-'));
});
const ended: (() => void)[] = [];
afterEach(() => ended.splice(0).forEach((end) => end()));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The host's side of a vsock as Firecracker offers it: `answers` says what it does with the nth connection, once it has asked for its port. */
async function offering(answers: (socket: Socket, asked: string, nth: number) => void): Promise<string> {
  let nth = 0;
  const path = join(folder, 'vsock');
  const server = createServer((socket) => {
    const number = nth++;
    socket.on('error', () => undefined).once('data', (chunk: Buffer) => answers(socket, chunk.toString(), number));
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  ended.push(() => server.close());
  return path;
}

it('is tried until somebody listens in the guest', async () => {
  const path = await offering((socket, asked, nth) => (nth < 3 ? socket.destroy() : socket.end(`OK 1073741824\n${asked}`)));
  const socket = await connectVsock(path, 52, new AbortController().signal);
  let received = '';
  socket.on('data', (chunk: Buffer) => (received += chunk.toString()));
  socket.resume();
  await new Promise((resolve) => socket.once('end', resolve));
  // What came with the greeting belongs to the guest.
  expect(received).toBe('CONNECT 52\n');
});

it.each(['NO\n', 'x'.repeat(100)])('whoever says something else is no guest', async (words) => {
  const giveUp = new AbortController();
  const path = await offering((socket, _, nth) => {
    socket.write(words);
    if (nth === 2) giveUp.abort(new Error('given up'));
  });
  await expect(connectVsock(path, 52, giveUp.signal)).rejects.toThrow('given up');
});

it('is given up with the reason for which the machine ended', async () => {
  const giveUp = new AbortController();
  setTimeout(() => giveUp.abort(new Error('exit code 1')), 20);
  await expect(connectVsock(join(folder, 'nobody'), 52, giveUp.signal)).rejects.toThrow('exit code 1');
});

it('what was asked too early, and never answered, is asked anew', async () => {
  const path = await offering((socket, asked, nth) => void (nth > 0 && socket.end(`OK 1073741824\n${asked}`)));
  const socket = await connectVsock(path, 52, new AbortController().signal);
  expect(await new Promise((resolve) => socket.resume().once('data', (chunk: Buffer) => resolve(chunk.toString())))).toBe('CONNECT 52\n');
});

it('nor does it wait for an answer when the machine has ended', async () => {
  const giveUp = new AbortController();
  const path = await offering(() => giveUp.abort(new Error('exit code 1')));
  await expect(connectVsock(path, 52, giveUp.signal)).rejects.toThrow('exit code 1');
});
