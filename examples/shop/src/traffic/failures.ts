import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { SUSPENDED_ADMIN } from '../world/schema.js';
import type { World } from '../world/world.js';
import type { OrdinaryTraffic, Visit } from './ordinary.js';
import type { Answer, ShopClient } from './shop-client.js';

export interface Scene {
  readonly world: World;
  readonly client: ShopClient;
  readonly traffic: OrdinaryTraffic;
}

/** Something that goes wrong in production. */
export interface PlannedFailure {
  readonly id: string;
  readonly title: string;
  /** What its summary looks like: finds its package among others. */
  readonly summary: RegExp;
  /** Whether this world can make it happen. */
  readonly possible: (world: World) => boolean;
  /** Makes it happen while others visit; the answer that the customer gets. */
  readonly provoke: (scene: Scene) => Promise<Answer>;
}

const REDIS_HANGS_MS = 3600;
const HUNG_PRODUCT = 'sku-7';
/** While the cache hangs, product pages would hang too, each of them a failure of its own. */
const WITHOUT_CACHE: readonly Visit[] = ['history', 'admin', 'receipt'];
const WITHOUT_PAYMENTS: readonly Visit[] = ['product', 'history', 'admin', 'receipt'];

const BASKET = { customer: 12, items: [{ sku: 'sku-4', quantity: 2 }, { sku: 'sku-9', quantity: 1 }] };

export const FAILURES: readonly PlannedFailure[] = [
  {
    id: 'suspended-admin',
    title: 'a suspended admin opens the admin page',
    summary: /GET \/admins\/47/,
    possible: () => true,
    provoke: ({ client, traffic }) => traffic.beside(client.get(`/admins/${SUSPENDED_ADMIN}`), 100),
  },
  {
    id: 'payment-maintenance',
    title: 'the payment API answers 503 with a page',
    summary: /SyntaxError.*POST \/orders/s,
    possible: () => true,
    provoke: async ({ world, client, traffic }) => {
      world.payments.maintenance(true);
      try {
        return await traffic.beside(client.post('/orders', BASKET), 50, WITHOUT_PAYMENTS);
      } finally {
        world.payments.maintenance(false);
      }
    },
  },
  {
    id: 'redis-timeout',
    title: 'Redis does not answer for 3 s',
    summary: new RegExp(`GET /products/${HUNG_PRODUCT}`),
    possible: (world) => world.redis !== undefined,
    provoke: async ({ world, client, traffic }) => {
      await world.redis?.hang(REDIS_HANGS_MS);
      const answer = await traffic.beside(client.get(`/products/${HUNG_PRODUCT}`), 2, WITHOUT_CACHE);
      await sleep(REDIS_HANGS_MS - 2900);
      return answer;
    },
  },
  {
    id: 'binary-receipt',
    title: 'a receipt in S3 is no receipt',
    summary: /GET \/orders\/\d+\/receipt/,
    possible: () => true,
    provoke: async ({ world, client, traffic }) => {
      const { id } = JSON.parse((await client.post('/orders', BASKET)).text) as { id: number };
      // An archiving job has compressed the object in its place.
      world.storage.put(`receipts/${id}.bin`, gzipSync(Buffer.from(`order ${id}`)));
      return traffic.beside(client.get(`/orders/${id}/receipt`), 100);
    },
  },
];
