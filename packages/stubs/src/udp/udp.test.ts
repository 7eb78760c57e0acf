import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, expect, it } from 'vitest';
import type { SocketPiece } from '@deja/format';
import type { UdpExchange } from '../plan.js';
import type { StartedStubs } from '../start.js';
import { portOf, startForTest, stopAfterTest } from '../testing/plan.js';

const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.close();
  await stopAfterTest();
});

const said = (from: 'client' | 'server', text: string): SocketPiece => ({ from, ms: 0, body: { text } });
const exchange = (seq: number, pieces: readonly SocketPiece[], repeat = false): UdpExchange => ({ seq, repeat, outcome: { pending: { partial: { pieces } } } });
const stub = async (...exchanges: readonly UdpExchange[]): Promise<StartedStubs> => await startForTest({ udp: [{ host: 'peer.example', port: 53, exchanges }] });

/** Sends them, one after the other, from one socket; what came back until the stubs had seen all. */
async function ask(stubs: StartedStubs, texts: readonly string[]): Promise<readonly string[]> {
  const socket = createSocket('udp4');
  sockets.push(socket);
  const heard: string[] = [];
  socket.on('message', (bytes) => heard.push(bytes.toString()));
  const before = stubs.served.length + stubs.divergences.length;
  for (const text of texts) socket.send(text, portOf(stubs), '127.0.0.1');
  while (stubs.served.length + stubs.divergences.length < before + texts.length) await new Promise((resolve) => setTimeout(resolve, 5));
  // What was answered last is under way.
  await new Promise((resolve) => setTimeout(resolve, 20));
  return heard;
}

it('what was not recorded, in any byte or in number, gets no answer and is a divergence', async () => {
  const stubs = await stub(exchange(1, [said('client', 'where is ann'), said('server', 'out')]));
  expect(await ask(stubs, ['where is bob', 'where is ann?', 'where is'])).toEqual([]);
  expect(stubs.divergences.map(({ nearest }) => nearest?.difference)).toEqual(['byte 9: "bob" instead of "ann"', '13 bytes instead of 12', '8 bytes instead of 12']);
  expect(await ask(stubs, ['where is ann', 'where is ann'])).toEqual(['out']);
  expect(stubs.divergences.at(-1)).toMatchObject({ stub: 'udp peer.example:53', nearest: { difference: 'has been sent as often as it was recorded' } });
});

it('each datagram gets what came back for it, whichever comes first; one that may repeat gets it again', async () => {
  const stubs = await stub(exchange(1, [said('client', 'a'), said('server', '1'), said('server', '2'), said('client', 'b')]), exchange(2, [said('client', 'c'), said('server', '3')], true));
  expect(await ask(stubs, ['b', 'a'])).toEqual(['1', '2']);
  expect(await ask(stubs, ['c', 'c'])).toEqual(['3', '3']);
  expect(stubs.divergences).toEqual([]);
});

it('how long something took is another value, where nothing comes back for it', async () => {
  const stubs = await stub(exchange(1, [said('client', 'time:12.5|ms'), said('client', 'count:1|c'), said('client', 'q:7|ms'), said('server', 'x')]));
  await ask(stubs, ['time:3|ms', 'count:2|c', 'q:8|ms']);
  expect(stubs.divergences.map(({ asked }) => asked)).toEqual(['peer.example:53: "count:2|c"', 'peer.example:53: "q:8|ms"']);
});

it('stops with the stubs', async () => {
  const stubs = await stub(exchange(1, [said('client', 'a'), said('server', '1')]));
  const port = portOf(stubs);
  await stopAfterTest();
  const socket = createSocket('udp4').bind(port, '127.0.0.1');
  sockets.push(socket);
  await once(socket, 'listening');
});
