import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { startDatabase, type DatabaseServer } from './database.js';
import { freePort } from './free-port.js';
import { startPayments, type PaymentServer } from './payments.js';
import { startRedis, type RedisServer } from './redis.js';
import { startStorage, type StorageServer } from './storage.js';

/** Everything that the shop talks to: real servers, on ports of 127.0.0.1. */
export interface World {
  readonly database: DatabaseServer;
  /** Undefined where redis-server is not installed; `leftOut` says so. */
  readonly redis: RedisServer | undefined;
  readonly payments: PaymentServer;
  readonly storage: StorageServer;
  readonly leftOut: readonly string[];
  /** The environment in which the service finds all this. */
  readonly env: Readonly<Record<string, string>>;
  /** Stops every server and removes their files. */
  stop(): Promise<void>;
}

export interface WorldOptions {
  /** Files of the servers go here; removed at the end. */
  readonly folder: string;
  /** Prepared things that outlive the world. */
  readonly cacheFolder: string;
}

export async function startWorld(options: WorldOptions): Promise<World> {
  const folder = resolve(options.folder);
  await mkdir(folder, { recursive: true });
  const stops: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const one of stops.splice(0).toReversed()) await one();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const database = await startDatabase(await freePort(), join(folder, 'pg'), options.cacheFolder);
    stops.push(() => database.stop());
    const redis = await startRedis(await freePort(), join(folder, 'redis'));
    if (redis) stops.push(() => redis.stop());
    const payments = await startPayments(await freePort());
    stops.push(() => payments.stop());
    const authorityFile = join(folder, 'payments-authority.pem');
    await writeFile(authorityFile, payments.authority);
    const storage = await startStorage(await freePort());
    stops.push(() => storage.stop());
    const env = {
      DATABASE_URL: database.url,
      ...(redis ? { REDIS_URL: redis.url } : {}),
      PAYMENTS_URL: payments.url,
      PAYMENTS_API_KEY: 'sk_live_51Nq8tWqZr0demoKeyOnly',
      NODE_EXTRA_CA_CERTS: authorityFile,
      S3_ENDPOINT: storage.url,
      S3_BUCKET: storage.bucket,
      AWS_ACCESS_KEY_ID: 'AKIADEMOSHOP00000001',
      AWS_SECRET_ACCESS_KEY: 'demo/secret+access/key0123456789abcdefgh',
    };
    const leftOut = redis ? [] : ['Redis, and the failure that needs it: redis-server is not installed (apt-get install redis-server)'];
    return { database, redis, payments, storage, leftOut, env, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
