import { createServer, type Server } from 'node:net';
import type { Authority } from '../authority/authority.js';
import type { TcpStubPlan } from '../plan.js';
import type { StubRuntime } from '../runtime.js';
import { Talks } from './choose.js';
import { TcpConnection } from './connection.js';

/** A server that says what the one at one address was recorded to have said, whatever the protocol; not listening yet. */
export function createTcpStub(plans: readonly TcpStubPlan[], authority: Authority, runtime: StubRuntime): Server {
  const [first] = plans;
  const host = first?.host ?? 'localhost';
  const talks = new Talks(plans.flatMap(({ exchanges }) => exchanges), runtime);
  const stub = { name: `${host}:${first?.port ?? 0}`, host, tls: plans.some(({ tls }) => tls), talks, authority, runtime };
  // The connection lives by its socket's events.
  return createServer({ allowHalfOpen: true }, (socket) => void new TcpConnection(socket, stub));
}
