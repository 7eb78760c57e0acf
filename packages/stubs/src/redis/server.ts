import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Authority } from '../authority/authority.js';
import { Ledger } from '../ledger.js';
import type { RedisExchange, RedisStubPlan } from '../plan.js';
import type { StubRuntime } from '../runtime.js';
import { RedisConnection } from './connection.js';
import { describeCommand, differentCommand, type RedisQuestion } from './match.js';
import { isHandshake } from './protocol-replies.js';

/** A server that answers as one Redis was recorded to have answered; not listening yet. */
export function createRedisStub(plan: RedisStubPlan, authority: Authority, runtime: StubRuntime): Server {
  const ledger = new Ledger<RedisExchange, RedisQuestion>(plan.exchanges.map(repeatHandshake), differentCommand, (exchange) => describeCommand(exchange.command));
  let connections = 0;
  const accept = (socket: Socket): void => {
    connections++;
    // The connection lives by its socket's events.
    void new RedisConnection(socket, ledger, runtime, `redis ${plan.name}`, connections);
  };
  if (!plan.tls) return createServer(accept);
  const own = authority.certificate([plan.host]);
  return createTlsServer({ key: own.key, cert: own.cert, SNICallback: (name, done) => done(null, authority.certificate([name]).context) }, accept);
}

/** A replay may open more connections than were recorded, and each of them sets itself up. */
function repeatHandshake(exchange: RedisExchange): RedisExchange {
  const [name] = exchange.command;
  return typeof name === 'string' && isHandshake(name.toUpperCase()) ? { ...exchange, repeat: true } : exchange;
}
