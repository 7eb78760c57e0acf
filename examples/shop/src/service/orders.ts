import { randomUUID } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import { charge, type PaymentOptions } from './payments.js';
import type { ReceiptStore } from './receipts.js';

export interface OrderRequest {
  readonly customer: number;
  readonly items: readonly { readonly sku: string; readonly quantity: number }[];
}

export interface OrderLine {
  readonly sku: string;
  readonly title: string;
  readonly quantity: number;
  readonly price: number;
}

export interface Order {
  readonly id: number;
  readonly customer: string;
  readonly status: string;
  readonly total: number;
  readonly lines: readonly OrderLine[];
}

export interface OrderParts {
  readonly pool: Pool;
  readonly payments: PaymentOptions;
  readonly receipts: ReceiptStore;
}

export class UnknownProductError extends Error {
  override readonly name = 'UnknownProductError';
  readonly statusCode = 422;
}

export async function placeOrder(parts: OrderParts, request: OrderRequest): Promise<{ readonly id: number; readonly status: string }> {
  const reference = randomUUID();
  const { id, total } = await transaction(parts.pool, (client) => insertOrder(client, request, reference));
  const paid = await charge(parts.payments, reference, total);
  if (paid.status !== 'succeeded') return { id, status: 'declined' };
  await parts.pool.query("UPDATE orders SET status = 'paid', charge_id = $2 WHERE id = $1", [id, paid.id]);
  await parts.receipts.save({ order: id, total, charge: paid.id });
  return { id, status: 'paid' };
}

async function insertOrder(client: PoolClient, { customer, items }: OrderRequest, reference: string): Promise<{ readonly id: number; readonly total: number }> {
  const skus = items.map((item) => item.sku);
  const { rows: products } = await client.query<{ sku: string; price: number }>('SELECT sku, price FROM products WHERE sku = ANY($1) ORDER BY sku', [skus]);
  const prices = new Map(products.map(({ sku, price }) => [sku, price]));
  let total = 0;
  for (const { sku, quantity } of items) {
    const price = prices.get(sku);
    if (price === undefined) throw new UnknownProductError(`there is no product ${sku}`);
    total += price * quantity;
  }
  const { rows } = await client.query<{ id: number }>("INSERT INTO orders (customer_id, reference, status, total) VALUES ($1, $2, 'new', $3) RETURNING id", [customer, reference, total]);
  const id = rows[0]?.id ?? 0;
  for (const { sku, quantity } of items) {
    await client.query('INSERT INTO order_lines (order_id, sku, quantity, price) VALUES ($1, $2, $3, $4)', [id, sku, quantity, prices.get(sku)]);
  }
  return { id, total };
}

export async function findOrder(pool: Pool, id: number): Promise<Order | undefined> {
  const { rows } = await pool.query<Omit<Order, 'lines'>>(
    'SELECT o.id, u.name AS customer, o.status, o.total FROM orders o JOIN users u ON u.id = o.customer_id WHERE o.id = $1',
    [id],
  );
  const order = rows[0];
  if (!order) return undefined;
  const lines = await pool.query<OrderLine>(
    'SELECT l.sku, p.title, l.quantity, l.price FROM order_lines l JOIN products p ON p.sku = l.sku WHERE l.order_id = $1 ORDER BY l.sku',
    [id],
  );
  return { ...order, lines: lines.rows };
}

async function transaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}
