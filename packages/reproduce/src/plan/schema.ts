import { address, body, cell, count, extendedJson, type Fields, headerList, httpOutcome, ioError, message, messageOutcome, mongodbOutcome, port, position, redisCommand, redisOutcome, socketOutcome, sqlResult, strings, trigger } from '@deja/format/checks';
import type { SqliteAnswer } from '@deja/format';
import type { BrokerStubPlan, ClosedPortPlan, DnsFailurePlan, GeneratedValue, HttpExchange, HttpStubPlan, MessageExchange, MongodbExchange, MongodbStubPlan, RedisExchange, RedisKey, RedisStubPlan, Refusal, SqlExchange, SqlProxyPlan, StubPlan, TcpExchange, TcpStubPlan, UdpStubPlan } from '@deja/stubs';
import { z } from 'zod';
import type { AppPlan, PlannedTrigger, ReproductionPlan } from './plan.js';

/** The parts of the plan that `plan.yaml` shows and lets be edited. */
export type PlanFile = Pick<ReproductionPlan, 'deja' | 'app' | 'clock' | 'triggers' | 'sqlite'>;
/** What `stubs.yaml` holds; the blobs are files beside it. */
export type StubsFile = Omit<StubPlan, 'blobs'>;

const milliseconds = z.number().nonnegative();
/** setTimeout takes no longer ones. */
const deadline = z.number().positive().max(2 ** 31 - 1);
const engineAnswer = [z.object({ ok: sqlResult }), z.object({ error: ioError })] as const;

// Strict: a mistyped field would otherwise be a change that silently changes nothing.
const app = z.strictObject({
  arguments: z.array(z.string()),
  cwd: z.string(),
  folder: z.string(),
  env: strings,
  uid: count,
  node: z.strictObject({ version: z.string(), path: z.string() }),
  ready: z.array(address.pick({ address: true, port: true })),
  deadlines: z.strictObject({ readyMs: deadline, triggerMs: deadline }),
} satisfies Fields<AppPlan>);

const sqliteAnswer = z.strictObject({
  seq: position,
  database: z.string(),
  text: z.string(),
  params: z.array(cell),
  answer: z.union(engineAnswer),
  repeat: z.boolean(),
} satisfies Fields<SqliteAnswer>);

export const planFile = z.strictObject({
  deja: z.literal('plan/1'),
  app,
  clock: z.number(),
  triggers: z.array(z.strictObject({ request: count, at: z.number(), trigger } satisfies Fields<PlannedTrigger>)),
  sqlite: z.array(sqliteAnswer),
} satisfies Fields<PlanFile>);

const exchange = { seq: position, repeat: z.boolean(), time: z.number().optional(), ms: milliseconds.optional(), done: position.optional(), why: z.string().optional() };
const server = { host: z.string(), port, tls: z.boolean() };

const http = z.strictObject({
  ...server,
  exchanges: z.array(z.strictObject({ ...exchange, protocol: z.enum(['h2', 'websocket']).optional(), method: z.string(), url: z.url(), headers: headerList, body: body.optional(), unfinished: z.boolean().optional(), outcome: httpOutcome } satisfies Fields<HttpExchange>)),
} satisfies Fields<HttpStubPlan>);

const redisArgument = z.union([z.string(), z.strictObject({ base64: z.base64() })]);
const redisPairs = z.array(z.tuple([redisArgument, redisArgument])).min(1);
const keyParts = { key: redisArgument, db: z.int().min(0).max(10_000).optional(), ttlMs: z.number().positive().optional(), from: z.array(position) };
const redisKey = z.union([
  z.strictObject({ ...keyParts, string: redisArgument }),
  z.strictObject({ ...keyParts, hash: redisPairs }),
  z.strictObject({ ...keyParts, list: z.array(redisArgument).min(1) }),
  z.strictObject({ ...keyParts, set: z.array(redisArgument).min(1) }),
  z.strictObject({ ...keyParts, zset: redisPairs }),
]) satisfies z.ZodType<RedisKey>;

const redis = z.strictObject({
  ...server,
  name: z.string(),
  keys: z.array(redisKey).optional(),
  exchanges: z.array(z.strictObject({ ...exchange, session: position, command: redisCommand, push: z.literal(true).optional(), outcome: redisOutcome } satisfies Fields<RedisExchange>)),
} satisfies Fields<RedisStubPlan>);

const mongodb = z.strictObject({
  ...server,
  name: z.string(),
  hello: extendedJson.optional(),
  exchanges: z.array(z.strictObject({ ...exchange, session: position, database: z.string(), name: z.string(), command: extendedJson, outcome: mongodbOutcome } satisfies Fields<MongodbExchange>)),
} satisfies Fields<MongodbStubPlan>);

const talk = z.strictObject({ ...exchange, session: position.optional(), continues: z.boolean().optional(), opening: z.literal(true).optional(), outcome: socketOutcome } satisfies Fields<TcpExchange>);

const tcp = z.strictObject({
  ...server,
  exchanges: z.array(talk),
} satisfies Fields<TcpStubPlan>);

const udp = z.strictObject({ host: z.string(), port, exchanges: z.array(talk) } satisfies Fields<UdpStubPlan>);

const statement = z.strictObject({
  ...exchange,
  session: position,
  text: z.string(),
  params: z.array(cell),
  how: z.enum(['verbatim', 'pass']),
  reason: z.string().optional(),
  answer: z.union([...engineAnswer, z.object({ never: z.literal(true) }), z.object({ drop: z.enum(['fin', 'rst']), after: sqlResult.optional() })]).optional(),
} satisfies Fields<SqlExchange>).refine(({ how, answer }) => how === 'pass' || answer !== undefined, { path: ['answer'], message: 'a verbatim statement needs an answer' });

const refusal = z.strictObject({ ...exchange, attempt: position, error: ioError, drop: z.enum(['fin', 'rst', 'hold']).optional() } satisfies Fields<Refusal>);

const sql = z.strictObject({
  ...server,
  engine: z.enum(['postgres', 'mysql', 'mariadb']).optional(),
  database: z.string(),
  login: z.strictObject({ database: z.string().optional(), user: z.string().optional() }),
  settings: strings,
  statements: z.array(statement),
  refusals: z.array(refusal).optional(),
} satisfies Fields<SqlProxyPlan>);

const broker = z.strictObject({
  ...server,
  system: z.enum(['nats', 'amqp', 'kafka']),
  name: z.string(),
  version: z.string().optional(),
  settings: z.record(z.string(), z.unknown()),
  exchanges: z.array(z.strictObject({ ...exchange, ...message, session: position, channel: count.optional(), operation: z.string(), outcome: messageOutcome } satisfies Fields<MessageExchange>)),
  refusals: z.array(refusal).optional(),
} satisfies Fields<BrokerStubPlan>);

export const stubsFile = z.strictObject({
  deja: z.literal('stubs/1'),
  http: z.array(http),
  redis: z.array(redis),
  mongodb: z.array(mongodb).optional(),
  sql: z.array(sql),
  brokers: z.array(broker).optional(),
  tcp: z.array(tcp).optional(),
  udp: z.array(udp).optional(),
  generated: z.array(z.strictObject({ value: z.string(), seq: position } satisfies Fields<GeneratedValue>)).optional(),
  dns: z.array(z.strictObject({ name: z.string(), code: z.string(), ms: milliseconds.optional() } satisfies Fields<DnsFailurePlan>)),
  closed: z.array(z.strictObject({ host: z.string(), port, how: z.enum(['refused', 'silent']) } satisfies Fields<ClosedPortPlan>)),
  limits: z.array(z.string()),
} satisfies Fields<StubsFile>);
