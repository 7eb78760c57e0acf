import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { isIP } from 'node:net';
import { cannotListen, type ListenAddress, type OpenServer } from '../listen.js';
import type { UdpStubPlan } from '../plan.js';
import type { StubRuntime } from '../runtime.js';
import { shown } from '../tcp/choose.js';
import { Datagrams } from './answers.js';

/** Answers datagrams as the server at this address was recorded to have answered. Throws `DejaError` DEJA_PORT_IN_USE, DEJA_STUB_CANNOT_LISTEN. */
export async function openUdpStub(plan: UdpStubPlan, where: ListenAddress, runtime: StubRuntime): Promise<OpenServer> {
  const { journal, pace, stopped } = runtime;
  const name = `${plan.host}:${plan.port}`;
  const datagrams = new Datagrams(plan.exchanges, runtime);
  const socket = createSocket(isIP(where.address) === 6 ? 'udp6' : 'udp4');
  socket.on('message', (bytes, from) => {
    const arrived = pace.now();
    const taken = datagrams.take(bytes);
    if (!('exchange' in taken)) {
      // A protocol without connections has no way to say that nothing recorded fits: nothing comes.
      journal.diverge({ stub: `udp ${name}`, asked: `${name}: ${shown(bytes)}`, ...taken });
      return;
    }
    journal.serve(taken.exchange.seq, name);
    void (async () => {
      for (const { ms, bytes: answer } of taken.answers) if ((await pace.until(arrived, ms)) && !stopped.aborted) socket.send(answer, from.port, from.address, () => undefined);
    })();
  });
  socket.bind(where.port, where.address);
  try {
    await once(socket, 'listening');
  } catch (error) {
    throw cannotListen(`${where.address}:${where.port}`, error);
  }
  socket.on('error', () => undefined);
  return { port: socket.address().port, [Symbol.asyncDispose]: () => new Promise((resolve) => socket.close(() => resolve())) };
}
