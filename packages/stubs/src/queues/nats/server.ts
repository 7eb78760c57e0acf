import { createServer, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { MessageTrigger } from '@deja/format';
import type { Authority } from '../../authority/authority.js';
import type { BrokerStubPlan } from '../../plan.js';
import type { StubRuntime } from '../../runtime.js';
import { type BrokerStub, Consumers } from '../broker-stub.js';
import { LostConnections } from '../lost-connections.js';
import { messageLedger } from '../match.js';
import { NatsConnection, type NatsConsumer, type NatsShared } from './connection.js';

/** Where pulls of JetStream go to. */
const PULL = '$JS.API.CONSUMER.MSG.NEXT.';

/** A server that answers as the NATS at one address was recorded to have answered. */
export function createNatsStub(plans: readonly BrokerStubPlan[], authority: Authority, runtime: StubRuntime): BrokerStub {
  const shared: NatsShared = {
    stub: `nats ${plans.map(({ name }) => name).join(', ')}`,
    plans,
    runtime,
    ledger: messageLedger(plans, runtime),
    consumers: new Consumers<NatsConsumer>(),
    losses: new LostConnections(plans.flatMap(({ exchanges }) => exchanges), runtime),
  };
  const secure = plans.some(({ tls }) => tls);
  const own = secure ? authority.certificate([...new Set(plans.map(({ host }) => host))]) : undefined;
  let connections = 0;
  const server = createServer((socket: Socket) => {
    connections++;
    // The server speaks first, and encryption begins after that.
    void new NatsConnection(socket, shared, connections, own && ((plain) => new TLSSocket(plain, { isServer: true, key: own.key, cert: own.cert })));
  });
  return { server, deliver: (message, ended) => deliver(shared, message, ended) };
}

async function deliver({ consumers, runtime }: NatsShared, message: MessageTrigger, ended: AbortSignal): Promise<string | null> {
  const { source, group = '' } = message.consumer;
  const given = await consumers.hand((one) => isMeant(one, source, group), (one) => one.give(message, runtime.bytes(message.body)), ended);
  return given ? null : `nobody consumed ${source}${group === '' ? '' : ` in the group ${group}`}`;
}

function isMeant({ subject, queue }: NatsConsumer, source: string, group: string): boolean {
  // Where JetStream pushes to is an inbox, another one each time; that of requests ends with a wildcard.
  if (source.startsWith('_INBOX.')) return subject.startsWith('_INBOX.') && !subject.endsWith('*');
  return subject === source && (source.startsWith(PULL) || queue === group);
}
