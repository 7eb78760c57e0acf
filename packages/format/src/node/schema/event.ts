import { z } from 'zod';
import type {
  Cell, DnsEvent, HttpEvent, HttpResponse, IoError, IoEvent, RandomEvent, RedisEvent, RedisReply, SocketEvent, SqlEvent, SqlField, SqlResult, StateEvent,
} from '../../event.js';
import { body, count, headerList, port, position, strings } from './common.js';
import type { Fields } from './fields.js';

type Base = Omit<StateEvent, 'kind' | 'name' | 'outcome'>;

export const ioError = z.object({
  name: z.string().optional(),
  message: z.string(),
  code: z.string().optional(),
  errno: z.number().optional(),
  syscall: z.string().optional(),
  detail: z.string().optional(),
  phase: z.enum(['dns', 'connect', 'tls', 'send', 'wait', 'receive']).optional(),
  bytes: count.optional(),
  fields: strings.optional(),
} satisfies Fields<IoError>).meta({ id: 'IoError' });

const scope = z.discriminatedUnion('in', [
  z.object({ in: z.literal('boot') }),
  z.object({ in: z.literal('background') }),
  z.object({ in: z.literal('request'), request: count }),
]).meta({ id: 'Scope' });

const base = {
  seq: position,
  scope: scope.optional(),
  at: z.number().optional(),
  ms: z.number().optional(),
  done: position.optional(),
  attributes: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
} satisfies Fields<Base>;

/** `part` is the same shape with every field optional: what had arrived when it broke. */
function outcome<T extends z.ZodType, P extends z.ZodType>(ok: T, part: P) {
  return z.union([
    z.object({ ok }),
    z.object({ error: ioError, partial: part.optional() }),
    z.object({ pending: z.object({ partial: part.optional() }) }),
  ]);
}

function outcomeOf<S extends z.ZodRawShape>(shape: S) {
  const whole = z.object(shape);
  return outcome(whole, whole.partial());
}

export const cell = z.union([
  z.string(),
  z.null(),
  z.object({ base64: z.base64() }),
  z.object({ storage: z.enum(['integer', 'real', 'text']), text: z.string() }),
]).meta({ id: 'Cell' }) satisfies z.ZodType<Cell>;

const sqlField = z.object({
  name: z.string(),
  type: z.string(),
  table: z.string().optional(),
  column: z.string().optional(),
  tableId: z.number().optional(),
  columnId: z.number().optional(),
} satisfies Fields<SqlField>).meta({ id: 'SqlField' });

export const sqlResult: z.ZodType<SqlResult> = z.lazy(() => z.object(resultShape)).meta({ id: 'SqlResult' });

const resultShape = {
  command: z.string(),
  rowCount: count.nullable(),
  fields: z.array(sqlField),
  rows: z.array(z.array(cell)),
  lastId: z.string().optional(),
  more: z.array(sqlResult).optional(),
} satisfies Fields<SqlResult>;

const sqlEvent = z.object({
  ...base,
  kind: z.literal('sql'),
  database: z.string(),
  session: position,
  text: z.string(),
  params: z.array(cell).optional(),
  prepared: z.string().optional(),
  outcome: outcomeOf(resultShape),
} satisfies Fields<SqlEvent>).meta({ id: 'SqlEvent' });

const httpResponse = {
  status: z.int().min(100).max(999),
  statusText: z.string().optional(),
  httpVersion: z.string().optional(),
  headers: headerList,
  trailers: headerList.optional(),
  body: body.optional(),
  ttfb: z.number().optional(),
  chunks: z.array(z.tuple([z.number(), count])).optional(),
} satisfies Fields<HttpResponse>;

export const httpOutcome = outcomeOf(httpResponse);

const httpEvent = z.object({
  ...base,
  kind: z.literal('http'),
  service: z.string().optional(),
  method: z.string(),
  url: z.url(),
  headers: headerList,
  body: body.optional(),
  peer: z.object({ address: z.string(), port }).optional(),
  outcome: httpOutcome,
} satisfies Fields<HttpEvent>).meta({ id: 'HttpEvent' });

const redisReply: z.ZodType<RedisReply> = z.lazy(() =>
  z.union([
    z.object({ bulk: z.string() }),
    z.object({ base64: z.base64() }),
    z.object({ simple: z.string() }),
    z.object({ integer: z.string() }),
    z.object({ double: z.string() }),
    z.object({ boolean: z.boolean() }),
    z.object({ null: z.literal(true) }),
    z.object({ error: z.string() }),
    z.object({ array: z.array(redisReply) }),
    z.object({ set: z.array(redisReply) }),
    z.object({ map: z.array(z.tuple([redisReply, redisReply])) }),
  ]),
).meta({ id: 'RedisReply' });

export const redisCommand = z.array(z.union([z.string(), z.object({ base64: z.base64() })])).min(1);
// A reply is whole or not there: `partial` has no fields of its own.
export const redisOutcome = outcome(redisReply, z.record(z.string(), z.unknown())) as z.ZodType<RedisEvent['outcome']>;

const redisEvent = z.object({
  ...base,
  kind: z.literal('redis'),
  server: z.string(),
  session: position,
  command: redisCommand,
  outcome: redisOutcome,
} satisfies Fields<RedisEvent>).meta({ id: 'RedisEvent' });

const dnsEvent = z.object({
  ...base,
  kind: z.literal('dns'),
  hostname: z.string(),
  outcome: outcomeOf({ addresses: z.array(z.string()) }),
} satisfies Fields<DnsEvent>).meta({ id: 'DnsEvent' });

const socketEvent = z.object({
  ...base,
  kind: z.literal('socket'),
  host: z.string(),
  port,
  outcome: outcomeOf({ bytesSent: count, bytesReceived: count }),
} satisfies Fields<SocketEvent>).meta({ id: 'SocketEvent' });

const stateEvent = z.object({
  ...base,
  kind: z.literal('state'),
  name: z.string(),
  outcome: outcomeOf({ value: z.unknown() }),
} satisfies Fields<StateEvent>).meta({ id: 'StateEvent' });

const randomEvent = z.object({
  ...base,
  kind: z.literal('random'),
  source: z.enum(['Math.random', 'randomUUID', 'randomBytes', 'randomInt']),
  outcome: outcomeOf({ value: z.string() }),
} satisfies Fields<RandomEvent>).meta({ id: 'RandomEvent' });

export const ioEvent = z.discriminatedUnion('kind', [
  sqlEvent, httpEvent, redisEvent, dnsEvent, socketEvent, stateEvent, randomEvent,
]) satisfies z.ZodType<IoEvent>;
