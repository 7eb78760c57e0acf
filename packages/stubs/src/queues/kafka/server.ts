import { createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { MessageTrigger } from '@deja/format';
import type { Authority } from '../../authority/authority.js';
import type { BrokerStubPlan } from '../../plan.js';
import type { StubRuntime } from '../../runtime.js';
import { type BrokerStub, Consumers } from '../broker-stub.js';
import { LostConnections } from '../lost-connections.js';
import { messageLedger } from '../match.js';
import { KafkaConnection, type KafkaShared } from './connection.js';
import type { KafkaFetch } from './fetch.js';
import { recordsOf } from './records.js';

/** Brokers of a cluster know the same. Which is asked depends on what they say of each other, and here each says that it is the only one. */
const clusters = new WeakMap<StubRuntime, KafkaShared>();

/** A server that answers as a Kafka cluster was recorded to have answered. */
export function createKafkaStub(plans: readonly BrokerStubPlan[], authority: Authority, runtime: StubRuntime): BrokerStub {
  const shared = joined(plans, runtime);
  const { host = 'localhost', port = 9092 } = plans[0] ?? {};
  let attempts = 0;
  const accept = (socket: Socket): void => void new KafkaConnection(socket, shared, { id: 1, host, port }, ++attempts);
  const secure = plans.some(({ tls }) => tls);
  const own = secure ? authority.certificate([...new Set(plans.map((plan) => plan.host))]) : undefined;
  const server = own ? createTlsServer({ key: own.key, cert: own.cert, SNICallback: (name, done) => done(null, authority.certificate([name]).context) }, accept) : createServer(accept);
  return { server, deliver: (message, ended) => deliver(shared, message, ended) };
}

function joined(plans: readonly BrokerStubPlan[], runtime: StubRuntime): KafkaShared {
  const all = [...(clusters.get(runtime)?.plans ?? []), ...plans];
  const known = clusters.get(runtime);
  if (known) {
    known.plans = all;
    known.ledger = messageLedger(all, runtime);
    known.losses = new LostConnections(all.flatMap(({ exchanges }) => exchanges), runtime);
    return known;
  }
  const shared: KafkaShared = {
    stub: `kafka ${plans.map(({ name }) => name).join(', ')}`,
    plans: all,
    runtime,
    ledger: messageLedger(all, runtime),
    consumers: new Consumers<KafkaFetch>(),
    losses: new LostConnections(all.flatMap(({ exchanges }) => exchanges), runtime),
  };
  clusters.set(runtime, shared);
  return shared;
}

async function deliver({ consumers, runtime }: KafkaShared, message: MessageTrigger, ended: AbortSignal): Promise<string | null> {
  const partition = Number(message.properties?.['partition'] ?? 0);
  const given = await consumers.hand((one) => one.covers(message.destination, partition), (one) => one.give(message.destination, partition, recordsOf(message, runtime)), ended);
  return given ? null : `nobody fetched partition ${partition} of the topic ${message.destination}`;
}
