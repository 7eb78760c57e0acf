import type { Redis } from 'ioredis';
import type { Pool } from 'pg';

export interface Product {
  readonly sku: string;
  readonly title: string;
  /** In cents. */
  readonly price: number;
}

export class CatalogUnavailableError extends Error {
  override readonly name = 'CatalogUnavailableError';
}

const KEPT_SECONDS = 60;

/** From the cache, else from the database. */
export async function findProduct(pool: Pool, cache: Redis | undefined, sku: string): Promise<Product | undefined> {
  const cached = cache && (await readCache(cache, sku));
  if (cached) return JSON.parse(cached) as Product;
  const { rows } = await pool.query<Product>('SELECT sku, title, price FROM products WHERE sku = $1', [sku]);
  const product = rows[0];
  if (product && cache) await cache.set(keyOf(sku), JSON.stringify(product), 'EX', KEPT_SECONDS);
  return product;
}

async function readCache(cache: Redis, sku: string): Promise<string | null> {
  try {
    return await cache.get(keyOf(sku));
  } catch (cause) {
    throw new CatalogUnavailableError(`the cache did not give product ${sku}`, { cause });
  }
}

const keyOf = (sku: string): string => `product:${sku}`;
