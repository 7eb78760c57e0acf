import { setTimeout as sleep } from 'node:timers/promises';
import { ACTIVE_ADMIN, CUSTOMERS, PRODUCTS } from '../world/schema.js';
import type { ShopClient } from './shop-client.js';

export type Visit = 'product' | 'order' | 'history' | 'receipt' | 'admin';

const USUAL: readonly Visit[] = ['product', 'product', 'product', 'history', 'history', 'order', 'receipt', 'admin'];

export interface TrafficReport {
  readonly answered: number;
  /** Answers of 5xx, and requests that got none. */
  readonly failed: readonly string[];
}

/** A healthy mix of requests. The same seed makes the same requests. */
export class OrdinaryTraffic {
  readonly #client: ShopClient;
  readonly #random: () => number;
  readonly #orders: number[] = [];
  readonly #failed: string[] = [];
  #answered = 0;

  constructor(client: ShopClient, seed = 1) {
    this.#client = client;
    this.#random = randomFrom(seed);
  }

  get report(): TrafficReport {
    return { answered: this.#answered, failed: this.#failed };
  }

  /** So many visits, one after the other. */
  async visits(count: number, kinds: readonly Visit[] = USUAL): Promise<void> {
    for (let visit = 0; visit < count; visit++) await this.#visit(this.#pick(kinds));
  }

  /** Visits at this rate until `during` is over: they overlap it, and each other. */
  async beside<T>(during: Promise<T>, perSecond: number, kinds: readonly Visit[] = USUAL): Promise<T> {
    const end = { reached: false };
    const watched = during.finally(() => {
      end.reached = true;
    });
    const started: Promise<void>[] = [];
    while (!end.reached) {
      started.push(this.#visit(this.#pick(kinds)));
      await Promise.race([sleep(1000 / perSecond), watched.catch(() => undefined)]);
    }
    await Promise.all(started);
    return watched;
  }

  async #visit(kind: Visit): Promise<void> {
    try {
      const { status, text } = await this.#request(kind);
      this.#answered += 1;
      if (status >= 500) this.#failed.push(`${kind}: ${status} ${text}`);
      if (kind === 'order' && status === 201) this.#orders.push((JSON.parse(text) as { id: number }).id);
    } catch (error) {
      this.#failed.push(`${kind}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #request(kind: Visit): ReturnType<ShopClient['get']> {
    const order = this.#orders[this.#number(this.#orders.length)] ?? 0;
    switch (kind) {
      case 'product':
        return this.#client.get(`/products/sku-${1 + this.#number(PRODUCTS)}`);
      case 'order':
        return this.#client.post('/orders', this.#basket());
      case 'history':
        return this.#client.get(`/orders/${order}`);
      case 'receipt':
        return this.#client.get(`/orders/${order}/receipt`);
      case 'admin':
        return this.#client.get(`/admins/${ACTIVE_ADMIN}`);
    }
  }

  #basket(): unknown {
    const first = 1 + this.#number(PRODUCTS - 1);
    const items = [first, first + 1].slice(0, 1 + this.#number(2)).map((n) => ({ sku: `sku-${n}`, quantity: 1 + this.#number(3) }));
    return { customer: 1 + this.#number(CUSTOMERS), items };
  }

  #pick(kinds: readonly Visit[]): Visit {
    return kinds[this.#number(kinds.length)] ?? 'product';
  }

  #number(below: number): number {
    return Math.floor(this.#random() * below);
  }
}

/** A small generator (mulberry32): runs must be comparable. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
