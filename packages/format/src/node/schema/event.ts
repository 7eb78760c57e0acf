import { z } from 'zod';
import type {
  Cell, DnsEvent, EarlyAnswer, FileEvent, FileFacts, HttpChunk, HttpEvent, HttpResponse, InformationalResponse, IoError, IoEvent, Message, MessageAnswer, MessageEvent, MessageReply, MongodbEvent, MongodbReply, ProcessEvent, ProcessPiece, ProcessResult, RandomEvent, RedisEvent, RedisReply, SocketEvent, SocketPiece, SocketTalk, SqlEvent, SqlField, SqlResult, StateEvent, WebSocketMessage,
} from '../../event.js';
import { body, count, extendedJson, headerList, port, position, strings } from './common.js';
import type { Fields } from './fields.js';

type Base = Omit<StateEvent, 'kind' | 'name' | 'outcome'>;

export const ioError = z.object({
  name: z.string().optional(),
  message: z.string(),
  code: z.string().optional(),
  errno: z.number().optional(),
  syscall: z.string().optional(),
  addresses: z.array(z.string()).optional(),
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

const httpChunk = z.union([z.tuple([z.number(), count]), z.tuple([z.number(), count, count])]) satisfies z.ZodType<HttpChunk>;

const informational = z.object({
  status: z.int().min(100).max(199),
  headers: headerList,
  ms: z.number(),
  after: count.optional(),
} satisfies Fields<InformationalResponse>).meta({ id: 'InformationalResponse' });

const webSocketMessage = z.object({
  from: z.enum(['client', 'server']),
  ms: z.number(),
  type: z.enum(['text', 'binary', 'ping', 'pong', 'close']),
  body: body.optional(),
  code: z.int().min(0).max(65_535).optional(),
  reason: z.string().optional(),
  compressed: z.boolean().optional(),
  fragments: z.array(z.tuple([z.number(), count])).optional(),
  unfinished: z.boolean().optional(),
} satisfies Fields<WebSocketMessage>).meta({ id: 'WebSocketMessage' });

const httpResponse = {
  status: z.int().min(100).max(999),
  statusText: z.string().optional(),
  httpVersion: z.string().optional(),
  headers: headerList,
  trailers: headerList.optional(),
  body: body.optional(),
  ttfb: z.number().optional(),
  chunks: z.array(httpChunk).optional(),
  informational: z.array(informational).optional(),
  early: z.object({ head: count.optional(), end: count.optional() } satisfies Fields<EarlyAnswer>).optional(),
  goaway: z.object({ code: count, ms: z.number() }).optional(),
  messages: z.array(webSocketMessage).optional(),
  unparsed: body.optional(),
} satisfies Fields<HttpResponse>;

export const httpOutcome = outcomeOf(httpResponse);

const httpEvent = z.object({
  ...base,
  kind: z.literal('http'),
  service: z.string().optional(),
  protocol: z.enum(['h2', 'websocket']).optional(),
  method: z.string(),
  url: z.url(),
  headers: headerList,
  body: body.optional(),
  chunks: z.array(httpChunk).optional(),
  trailers: headerList.optional(),
  unfinished: z.boolean().optional(),
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
    z.object({ bigNumber: z.string() }),
    z.object({ verbatim: z.string(), format: z.string() }),
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
  push: z.literal(true).optional(),
  outcome: redisOutcome,
} satisfies Fields<RedisEvent>).meta({ id: 'RedisEvent' });

export const mongodbOutcome = outcomeOf({ reply: extendedJson } satisfies Fields<MongodbReply>);

const mongodbEvent = z.object({
  ...base,
  kind: z.literal('mongodb'),
  server: z.string(),
  session: position,
  database: z.string(),
  name: z.string(),
  command: extendedJson,
  outcome: mongodbOutcome,
} satisfies Fields<MongodbEvent>).meta({ id: 'MongodbEvent' });

/** For what carries a message: events, triggers, replies. */
export const message = {
  destination: z.string(),
  key: z.union([z.string(), z.object({ base64: z.base64() })]).optional(),
  headers: headerList.optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  body: body.optional(),
} satisfies Fields<Message>;

const messageReply = z.object({ ...message, ms: z.number().optional() } satisfies Fields<MessageReply>).meta({ id: 'MessageReply' });

export const messageOutcome = outcomeOf({
  fields: z.record(z.string(), z.unknown()).optional(),
  replies: z.array(messageReply).optional(),
} satisfies Fields<MessageAnswer>);

const messageEvent = z.object({
  ...base,
  ...message,
  kind: z.literal('message'),
  server: z.string(),
  session: position,
  channel: count.optional(),
  operation: z.string(),
  outcome: messageOutcome,
} satisfies Fields<MessageEvent>).meta({ id: 'MessageEvent' });

const dnsEvent = z.object({
  ...base,
  kind: z.literal('dns'),
  hostname: z.string(),
  outcome: outcomeOf({ addresses: z.array(z.string()) }),
} satisfies Fields<DnsEvent>).meta({ id: 'DnsEvent' });

const socketPiece = z.object({ from: z.enum(['client', 'server']), ms: z.number(), body: body.optional() } satisfies Fields<SocketPiece>);

const socketTalk = {
  bytesSent: count,
  bytesReceived: count,
  pieces: z.array(socketPiece).optional(),
  truncated: count.optional(),
  end: z.object({ by: z.enum(['client', 'server']), how: z.enum(['fin', 'timeout']), ms: z.number() }).optional(),
} satisfies Fields<SocketTalk>;

export const socketOutcome = outcomeOf(socketTalk);

const socketEvent = z.object({
  ...base,
  kind: z.literal('socket'),
  host: z.string(),
  port,
  transport: z.literal('udp').optional(),
  tls: z.boolean().optional(),
  session: position.optional(),
  continues: z.boolean().optional(),
  opening: z.array(socketPiece).optional(),
  outcome: socketOutcome,
} satisfies Fields<SocketEvent>).meta({ id: 'SocketEvent' });

const processEvent = z.object({
  ...base,
  kind: z.literal('process'),
  file: z.string(),
  args: z.array(z.string()),
  cwd: z.string().optional(),
  env: z.array(z.string()).optional(),
  input: body.optional(),
  sync: z.boolean().optional(),
  outcome: outcomeOf({
    code: z.int().nullable(),
    signal: z.string().optional(),
    pieces: z.array(z.object({ from: z.enum(['stdout', 'stderr']), ms: z.number(), body, after: count.optional() } satisfies Fields<ProcessPiece>)),
  } satisfies Fields<ProcessResult>),
} satisfies Fields<ProcessEvent>).meta({ id: 'ProcessEvent' });

const fileEvent = z.object({
  ...base,
  kind: z.literal('file'),
  operation: z.enum(['read', 'look', 'list', 'write']),
  path: z.string(),
  content: body.optional(),
  append: z.boolean().optional(),
  outcome: outcomeOf({
    type: z.enum(['file', 'folder', 'other']).optional(),
    size: count.optional(),
    mode: count.optional(),
    changed: z.number().optional(),
    content: body.optional(),
    entries: z.array(z.string()).optional(),
  } satisfies Fields<FileFacts>),
} satisfies Fields<FileEvent>).meta({ id: 'FileEvent' });

const stateEvent = z.object({
  ...base,
  kind: z.literal('state'),
  name: z.string(),
  outcome: outcomeOf({ value: z.unknown() }),
} satisfies Fields<StateEvent>).meta({ id: 'StateEvent' });

const randomEvent = z.object({
  ...base,
  kind: z.literal('random'),
  source: z.enum(['Math.random', 'randomUUID', 'randomBytes', 'randomInt', 'ObjectId']),
  outcome: outcomeOf({ value: z.string() }),
} satisfies Fields<RandomEvent>).meta({ id: 'RandomEvent' });

export const ioEvent = z.discriminatedUnion('kind', [
  sqlEvent, httpEvent, redisEvent, mongodbEvent, messageEvent, dnsEvent, socketEvent, processEvent, fileEvent, stateEvent, randomEvent,
]) satisfies z.ZodType<IoEvent>;
