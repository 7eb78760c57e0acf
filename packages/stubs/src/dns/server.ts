import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, isIP, type Socket } from 'node:net';
import { DnsTcpParser, encodeDnsAnswer, frameDnsOverTcp, parseDnsQuestion, WireError } from '@deja/wire';
import { cannotListen, type ListenAddress, open, type OpenServer } from '../listen.js';
import type { StubRuntime } from '../runtime.js';
import type { Resolver } from './resolver.js';

/** A name server over UDP and TCP on the same port. Throws `DejaError` DEJA_PORT_IN_USE or DEJA_STUB_CANNOT_LISTEN. */
export async function openNameServer(where: ListenAddress, resolve: Resolver, runtime: StubRuntime): Promise<OpenServer> {
  await using opened = new AsyncDisposableStack();
  const tcp = opened.use(await open(createServer((socket) => serveTcp(socket, resolve, runtime)), where));
  const udp = createSocket(isIP(where.address) === 6 ? 'udp6' : 'udp4');
  opened.defer(() => {
    udp.close();
  });
  udp.on('message', (bytes, peer) => {
    answer(async () => {
      const question = parseDnsQuestion(bytes);
      const result = await resolve(question);
      if (result && !runtime.stopped.aborted) udp.send(encodeDnsAnswer(question, result), peer.port, peer.address);
    }, runtime);
  });
  try {
    udp.bind(tcp.port, where.address);
    await once(udp, 'listening');
  } catch (error) {
    throw cannotListen(`${where.address}:${tcp.port} (udp)`, error);
  }
  udp.on('error', () => undefined);
  const running = opened.move();
  return { port: tcp.port, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

function serveTcp(socket: Socket, resolve: Resolver, runtime: StubRuntime): void {
  const parser = new DnsTcpParser();
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => {
    answer(async () => {
      for (const question of parser.push(chunk)) {
        const result = await resolve(question);
        if (result) socket.write(frameDnsOverTcp(encodeDnsAnswer(question, result)));
      }
    }, runtime);
  });
}

/** What is no question is dropped, as name servers do. */
function answer(work: () => Promise<void>, runtime: StubRuntime): void {
  work().catch((error: unknown) => {
    runtime.journal.note(error instanceof WireError ? error.message : `dns: ${String(error)}`);
  });
}
