import { z } from 'zod';
import type { ApplicationInfo, Context, HttpTrigger, MessageTrigger, ProcessInfo, RequestInfo, StartTrigger } from '../../context.js';
import { body, count, headerList, port, sha256Hex, strings } from './common.js';
import { message } from './event.js';
import type { Fields } from './fields.js';

export const address = z.object({ address: z.string(), port, tls: z.boolean().optional() });

const httpTrigger = z.object({
  kind: z.literal('http'),
  method: z.string(),
  target: z.string(),
  httpVersion: z.string().optional(),
  headers: headerList,
  body: body.optional(),
  local: address,
} satisfies Fields<HttpTrigger>);

const messageTrigger = z.object({
  ...message,
  kind: z.literal('message'),
  server: z.string(),
  batch: z.array(z.object(message)).optional(),
  consumer: z.object({ source: z.string(), group: z.string().optional() } satisfies Fields<MessageTrigger['consumer']>),
} satisfies Fields<MessageTrigger>);

const startTrigger = z.object({ kind: z.literal('start') } satisfies Fields<StartTrigger>);

export const trigger = z.discriminatedUnion('kind', [httpTrigger, messageTrigger, startTrigger]);

const requestInfo = z.object({
  trigger,
  at: z.number(),
  ms: z.number().optional(),
  response: z.object({ status: count, headers: headerList, body: body.optional() }).optional(),
} satisfies Fields<RequestInfo>);

const processInfo = z.object({
  node: z.string(),
  execPath: z.string(),
  execArgv: z.array(z.string()),
  argv: z.array(z.string()),
  cwd: z.string(),
  entry: z.string().optional(),
  root: z.string(),
  env: strings,
  platform: z.string(),
  arch: z.string(),
  uid: count.optional(),
  timeZone: z.string().optional(),
  locale: z.string().optional(),
  title: z.string().optional(),
  pid: count,
} satisfies Fields<ProcessInfo>);

const applicationInfo = z.object({
  name: z.string().optional(),
  version: z.string().optional(),
  dependencies: strings,
  entryHash: sha256Hex.optional(),
} satisfies Fields<ApplicationInfo>);

export const context = z.object({
  epoch: z.number(),
  requests: z.array(requestInfo),
  process: processInfo,
  application: applicationInfo,
  listening: z.array(address),
  startMs: z.number().optional(),
} satisfies Fields<Context>);
