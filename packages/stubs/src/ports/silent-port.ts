import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';

/**
 * A port at which connecting neither succeeds nor fails. The listener's thread stands still, so nobody accepts; once the
 * kernel's queue of accepted connections is full it drops every further attempt, as a firewall would.
 */
const STANDING_STILL = `
const { createServer } = require('node:net');
const { parentPort, workerData } = require('node:worker_threads');
const server = createServer().listen({ host: workerData.address, port: workerData.port, backlog: 1 });
server.on('error', (error) => parentPort.postMessage({ error: error.code }));
server.on('listening', () => {
  parentPort.postMessage({ port: server.address().port });
  Atomics.wait(new Int32Array(workerData.gate), 0, 0);
});
`;
/** The queue holds one more than its backlog; one more attempt than that makes sure. */
const FILLERS = 3;

export interface SilentPort extends AsyncDisposable {
  readonly port: number;
}

/** Throws the listening error's code as message when the port cannot be had. */
export async function openSilentPort(address: string, port: number): Promise<SilentPort> {
  const gate = new SharedArrayBuffer(4);
  const worker = new Worker(STANDING_STILL, { eval: true, workerData: { address, port, gate } });
  worker.on('error', () => undefined);
  const [message] = (await once(worker, 'message')) as [{ readonly port?: number; readonly error?: string }];
  if (message.port === undefined) {
    await worker.terminate();
    throw Object.assign(new Error(`cannot listen on ${address}:${port}: ${message.error ?? 'unknown'}`), { code: message.error });
  }
  const actual = message.port;
  const fillers: Socket[] = [];
  for (let index = 0; index < FILLERS; index++) {
    const socket = connect({ host: address, port: actual });
    socket.on('error', () => undefined);
    fillers.push(socket);
    // All but the last get into the queue at once.
    if (index < FILLERS - 1) await Promise.race([once(socket, 'connect'), new Promise((resolve) => setTimeout(resolve, 50))]);
  }
  return {
    port: actual,
    async [Symbol.asyncDispose]() {
      for (const socket of fillers) socket.destroy();
      const view = new Int32Array(gate);
      Atomics.store(view, 0, 1);
      Atomics.notify(view, 0);
      await worker.terminate();
    },
  };
}
