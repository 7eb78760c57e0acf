import type { Instrumentation } from '../core/instrumentation.js';
import { mongodb } from './mongodb/index.js';
import { mysql2 } from './mysql/index.js';
import { pg } from './pg/index.js';
import { ioredis } from './redis/ioredis.js';
import { nodeRedis } from './redis/node-redis.js';
import { s3 } from './s3.js';
import { betterSqlite3 } from './sqlite/better-sqlite3.js';
import { nodeSqlite } from './sqlite/node-sqlite.js';

/** The client libraries of data services that are observed. */
export const DRIVERS: readonly Instrumentation[] = [pg, mysql2, mongodb, ioredis, nodeRedis, s3, nodeSqlite, betterSqlite3];

export { pendingSchemas } from './shared/schema-reads.js';
