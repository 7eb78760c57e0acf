import type { RedisReply } from '@deja/format';
import type { RedisExchange, RedisStubPlan } from '../plan.js';
import { argumentText } from './match.js';

/** What every node of a cluster, and every sentinel, tells alike. */
const SHARED = /^(?:CLUSTER (?:SLOTS|SHARDS)|SENTINEL (?:GET-MASTER-ADDR-BY-NAME|MASTERS?|REPLICAS|SLAVES|SENTINELS))$/;

/**
 * Where nodes are, as others than this one were recorded to tell. Clients ask any node, a different one each time. Only what a node of the same
 * cluster said counts, one that knows of this node; sentinels do not speak of themselves.
 */
export function topologyOf(plans: readonly RedisStubPlan[], all: readonly RedisStubPlan[]): readonly RedisExchange[] {
  const ports = new Set(plans.map(({ port }) => port));
  return all
    .flatMap(({ exchanges }) => exchanges)
    .filter(({ command: [name = '', part = ''], outcome }) => {
      const asked = `${argumentText(name)} ${argumentText(part)}`.toUpperCase();
      return SHARED.test(asked) && 'ok' in outcome && (asked.startsWith('SENTINEL') || namesPort(outcome.ok, ports));
    });
}

function namesPort(reply: RedisReply, ports: ReadonlySet<number>): boolean {
  if ('integer' in reply) return ports.has(Number(reply.integer));
  if ('array' in reply) return reply.array.some((one) => namesPort(one, ports));
  return 'map' in reply && reply.map.some(([, one]) => namesPort(one, ports));
}
