import { S3Client } from '@aws-sdk/client-s3';
import fastify, { type FastifyInstance } from 'fastify';
import { Redis } from 'ioredis';
import { Pool } from 'pg';
import { adminPage, findAdmin } from './admins.js';
import type { Config } from './config.js';
import { findOrder, placeOrder, type OrderRequest } from './orders.js';
import { findProduct } from './products.js';
import { ReceiptStore } from './receipts.js';

/** A cache that is slower than this is worse than none. */
const CACHE_TIMEOUT_MS = 3000;

type ById = { Params: { id: string } };

const orderSchema = {
  body: {
    type: 'object',
    required: ['customer', 'items'],
    properties: {
      customer: { type: 'integer' },
      items: {
        type: 'array',
        minItems: 1,
        items: { type: 'object', required: ['sku', 'quantity'], properties: { sku: { type: 'string' }, quantity: { type: 'integer', minimum: 1 } } },
      },
    },
  },
};

/** The shop over its real parts. Closing it closes them. */
export function buildApp(config: Config): FastifyInstance {
  const app = fastify({ logger: false });
  const pool = new Pool({ connectionString: config.databaseUrl, max: 10 });
  const cache = config.redisUrl === undefined ? undefined : new Redis(config.redisUrl, { commandTimeout: CACHE_TIMEOUT_MS });
  const s3 = new S3Client({ endpoint: config.storage.endpoint, region: config.storage.region, forcePathStyle: true });
  const receipts = new ReceiptStore(s3, config.storage.bucket);
  const payments = { url: config.paymentsUrl, key: config.paymentsKey };

  // Without a listener a lost connection would end the process; the next command tells whoever needs it.
  cache?.on('error', () => undefined);
  pool.on('error', () => undefined);
  app.addHook('onClose', async () => {
    cache?.disconnect();
    s3.destroy();
    await pool.end();
  });

  app.get('/health', () => ({ ok: true }));
  app.get<ById>('/products/:id', async (request, reply) => (await findProduct(pool, cache, request.params.id)) ?? reply.code(404).send({ message: 'no such product' }));
  app.post<{ Body: OrderRequest }>('/orders', { schema: orderSchema }, async (request, reply) => reply.code(201).send(await placeOrder({ pool, payments, receipts }, request.body)));
  app.get<ById>('/orders/:id', async (request, reply) => (await findOrder(pool, Number(request.params.id))) ?? reply.code(404).send({ message: 'no such order' }));
  app.get<ById>('/orders/:id/receipt', async (request, reply) => (await receipts.load(Number(request.params.id))) ?? reply.code(404).send({ message: 'no receipt yet' }));
  app.get<ById>('/admins/:id', async (request, reply) => {
    const admin = await findAdmin(pool, Number(request.params.id));
    return admin ? adminPage(admin) : reply.code(404).send({ message: 'no such admin' });
  });
  return app;
}
