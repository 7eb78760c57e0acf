import { createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Authority } from '../../authority/authority.js';
import type { BrokerStubPlan } from '../../plan.js';
import type { StubRuntime } from '../../runtime.js';
import { type BrokerStub, Consumers } from '../broker-stub.js';
import { LostConnections } from '../lost-connections.js';
import { messageLedger } from '../match.js';
import { type AmqpConsumer, AmqpConnection, type AmqpShared } from './connection.js';

/** A server that answers as the AMQP broker at one address was recorded to have answered. */
export function createAmqpStub(plans: readonly BrokerStubPlan[], authority: Authority, runtime: StubRuntime): BrokerStub {
  const shared: AmqpShared = {
    stub: `amqp ${plans.map(({ name }) => name).join(', ')}`,
    plans,
    runtime,
    ledger: messageLedger(plans, runtime),
    consumers: new Consumers<AmqpConsumer>(),
    losses: new LostConnections(plans.flatMap(({ exchanges }) => exchanges), runtime),
  };
  let attempts = 0;
  const accept = (socket: Socket): void => void new AmqpConnection(socket, shared, ++attempts);
  const secure = plans.some(({ tls }) => tls);
  const own = secure ? authority.certificate([...new Set(plans.map(({ host }) => host))]) : undefined;
  const server = own ? createTlsServer({ key: own.key, cert: own.cert, SNICallback: (name, done) => done(null, authority.certificate([name]).context) }, accept) : createServer(accept);
  return {
    server,
    deliver: async (message, ended) => {
      const { source } = message.consumer;
      const given = await shared.consumers.hand(({ queue }) => queue === source, (one) => one.give(message, runtime.bytes(message.body)), ended);
      return given ? null : `nobody consumed the queue ${source}`;
    },
  };
}
