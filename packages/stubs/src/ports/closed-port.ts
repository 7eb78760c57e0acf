import { createServer } from 'node:net';
import { cannotListen, type ListenAddress, open, type OpenServer } from '../listen.js';
import type { ClosedPortPlan } from '../plan.js';
import { openSilentPort } from './silent-port.js';

/** A port that refuses connections, or leaves them unanswered. */
export async function openClosedPort(where: ListenAddress, how: ClosedPortPlan['how']): Promise<OpenServer> {
  if (how === 'silent') {
    try {
      return await openSilentPort(where.address, where.port);
    } catch (error) {
      throw cannotListen(`${where.address}:${where.port}`, error);
    }
  }
  // Opened and closed again: that proves the port is free, and finds one where any will do.
  const probe = await open(createServer(), where);
  await probe[Symbol.asyncDispose]();
  return { port: probe.port, [Symbol.asyncDispose]: () => Promise.resolve() };
}
