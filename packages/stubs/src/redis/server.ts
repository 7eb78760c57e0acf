import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Authority } from '../authority/authority.js';
import { Ledger } from '../ledger.js';
import type { RedisExchange, RedisStubPlan } from '../plan.js';
import type { StubRuntime } from '../runtime.js';
import { RedisConnection } from './connection.js';
import { describeCommand, differentCommand, type RedisQuestion } from './match.js';
import { isHandshake } from './protocol-replies.js';
import { PushFeed } from './push-feed.js';
import { topologyOf } from './topology.js';

/**
 * A server that answers as the Redis at one address was recorded to have answered; not listening yet. `all`: this one and those beside it.
 * `enginePath`: the socket of a real server with the keys of the plans, for commands that were not recorded.
 */
export function createRedisStub(plans: readonly RedisStubPlan[], all: readonly RedisStubPlan[], authority: Authority, runtime: StubRuntime, enginePath?: string): Server {
  const exchanges = plans.flatMap((plan) => plan.exchanges);
  const stub = `redis ${plans.map((plan) => plan.name).join(', ')}`;
  const ledger = new Ledger<RedisExchange, RedisQuestion>(exchanges.filter(({ push }) => !push).map(repeatHandshake), differentCommand, (exchange) => describeCommand(exchange.command), runtime);
  const feed = new PushFeed(exchanges, runtime, stub);
  const recorded = { stub, ledger, topology: topologyOf(plans, all), ...(enginePath === undefined ? {} : { engine: { path: enginePath, changed: new Set<string>() } }) };
  let connections = 0;
  const accept = (socket: Socket): void => {
    connections++;
    // The connection lives by its socket's events.
    void new RedisConnection(socket, recorded, feed, runtime, connections);
  };
  if (!plans.some((plan) => plan.tls)) return createServer(accept);
  const own = authority.certificate([...new Set(plans.map((plan) => plan.host))]);
  return createTlsServer({ key: own.key, cert: own.cert, SNICallback: (name, done) => done(null, authority.certificate([name]).context) }, accept);
}

/** A replay may open more connections than were recorded, and each of them sets itself up. */
function repeatHandshake(exchange: RedisExchange): RedisExchange {
  const [name] = exchange.command;
  return typeof name === 'string' && isHandshake(name.toUpperCase()) ? { ...exchange, repeat: true } : exchange;
}
