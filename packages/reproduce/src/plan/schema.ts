import { address, body, cell, count, headerList, httpOutcome, ioError, port, position, redisCommand, redisOutcome, sqlResult, strings, trigger, type Fields } from '@deja/format/checks';
import type { SqliteAnswer } from '@deja/format';
import type { ClosedPortPlan, DnsFailurePlan, HttpExchange, HttpStubPlan, RedisExchange, RedisStubPlan, SqlExchange, SqlProxyPlan, StubPlan } from '@deja/stubs';
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

const exchange = { seq: position, repeat: z.boolean(), time: z.number().optional(), ms: milliseconds.optional(), done: position.optional() };
const server = { host: z.string(), port, tls: z.boolean() };

const http = z.strictObject({
  ...server,
  exchanges: z.array(z.strictObject({ ...exchange, method: z.string(), url: z.url(), headers: headerList, body: body.optional(), outcome: httpOutcome } satisfies Fields<HttpExchange>)),
} satisfies Fields<HttpStubPlan>);

const redis = z.strictObject({
  ...server,
  name: z.string(),
  exchanges: z.array(z.strictObject({ ...exchange, session: position, command: redisCommand, outcome: redisOutcome } satisfies Fields<RedisExchange>)),
} satisfies Fields<RedisStubPlan>);

const statement = z.strictObject({
  ...exchange,
  session: position,
  text: z.string(),
  params: z.array(cell),
  how: z.enum(['verbatim', 'pass']),
  reason: z.string().optional(),
  answer: z.union([...engineAnswer, z.object({ never: z.literal(true) }), z.object({ drop: z.enum(['fin', 'rst']) })]).optional(),
} satisfies Fields<SqlExchange>).refine(({ how, answer }) => how === 'pass' || answer !== undefined, { path: ['answer'], message: 'a verbatim statement needs an answer' });

const sql = z.strictObject({
  ...server,
  database: z.string(),
  login: z.strictObject({ database: z.string().optional(), user: z.string().optional() }),
  settings: strings,
  statements: z.array(statement),
} satisfies Fields<SqlProxyPlan>);

export const stubsFile = z.strictObject({
  deja: z.literal('stubs/1'),
  http: z.array(http),
  redis: z.array(redis),
  sql: z.array(sql),
  dns: z.array(z.strictObject({ name: z.string(), code: z.string(), ms: milliseconds.optional() } satisfies Fields<DnsFailurePlan>)),
  closed: z.array(z.strictObject({ host: z.string(), port, how: z.enum(['refused', 'silent']) } satisfies Fields<ClosedPortPlan>)),
  limits: z.array(z.string()),
} satisfies Fields<StubsFile>);
