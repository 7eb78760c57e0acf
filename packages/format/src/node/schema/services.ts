import { z } from 'zod';
import type { DatabaseInfo, ServerInfo } from '../../timeline.js';
import { extendedJson, port, strings } from './common.js';
import type { Fields } from './fields.js';

export const databaseInfo = z.object({
  name: z.string(),
  engine: z.enum(['postgres', 'sqlite', 'mysql', 'mariadb']),
  version: z.string().optional(),
  ddl: z.string().optional(),
  ddlSource: z.enum(['captured', 'introspected']).optional(),
  host: z.string().optional(),
  port: port.optional(),
  database: z.string().optional(),
  user: z.string().optional(),
  tls: z.boolean().optional(),
  file: z.string().optional(),
  settings: strings.optional(),
} satisfies Fields<DatabaseInfo>);

export const serverInfo = z.object({
  name: z.string(),
  kind: z.enum(['redis', 'mongodb', 'nats', 'amqp', 'kafka']),
  host: z.string(),
  port,
  tls: z.boolean().optional(),
  version: z.string().optional(),
  hello: extendedJson.optional(),
  settings: z.record(z.string(), z.unknown()).optional(),
} satisfies Fields<ServerInfo>);

export const services = z.object({
  databases: z.array(databaseInfo),
  servers: z.array(serverInfo),
});
