import type { Authority } from '../authority/authority.js';
import type { BrokerStubPlan } from '../plan.js';
import type { StubRuntime } from '../runtime.js';
import type { BrokerStub } from './broker-stub.js';
import { createAmqpStub } from './amqp/server.js';
import { createKafkaStub } from './kafka/server.js';
import { createNatsStub } from './nats/server.js';

/** The stub for the brokers at one address: of one system, for an address speaks one protocol. */
export function createBrokerStub(plans: readonly BrokerStubPlan[], authority: Authority, runtime: StubRuntime): BrokerStub {
  switch (plans[0]?.system ?? 'nats') {
    case 'nats':
      return createNatsStub(plans, authority, runtime);
    case 'amqp':
      return createAmqpStub(plans, authority, runtime);
    case 'kafka':
      return createKafkaStub(plans, authority, runtime);
  }
}
