import type { Body, Cell, HttpEvent, IoEvent, Outcome, RedisReply, SocketEvent } from '@deja/format';

import { talkOf } from './talk.js';

/** What is shown for orientation stays on a line; the whole of an event is `deja event`. */
const LONGEST = 200;

/** What an event asked of the outside, in one line. */
export function describeRequest(event: IoEvent): string {
  switch (event.kind) {
    case 'sql':
      return cut(`${event.database}: ${event.text}${event.params?.length ? ` [${event.params.map(describeCell).join(', ')}]` : ''}`);
    case 'http':
      return cut(s3Operation(event) ?? `${event.method} ${event.url}`);
    case 'redis':
      return cut(`${event.server}: ${event.command.map((part) => (typeof part === 'string' ? part : `base64:${part.base64}`)).join(' ')}`);
    case 'mongodb':
      return cut(`${event.server}: ${event.database}: ${event.command}`);
    case 'message':
      return cut([event.operation, event.destination, typeof event.key === 'string' ? event.key : '', event.body && 'text' in event.body ? event.body.text : ''].filter((part) => part !== '').join(' '));
    case 'dns':
      return `resolve ${event.hostname}`;
    case 'socket':
      return cut(describeTalk(event));
    case 'process':
      return cut(`run ${[event.file, ...event.args].join(' ')}`);
    case 'file':
      return cut(`${event.operation} ${event.path}`);
    case 'state':
      return `state ${event.name}`;
    case 'random':
      return event.source;
  }
}

/** How an event ended, in one line. */
export function describeOutcome(event: IoEvent): string {
  switch (event.kind) {
    case 'sql':
      return outcome(event.outcome, ({ command, rowCount, rows }) => `${command} ${rowCount ?? ''} ${JSON.stringify(rows)}`);
    case 'http':
      return outcome(event.outcome, ({ status, body }) => `${status}${body && 'text' in body ? ` ${body.text}` : ''}`);
    case 'redis':
      return outcome(event.outcome, describeReply);
    case 'mongodb':
      return outcome(event.outcome, ({ reply }) => reply);
    case 'message':
      return outcome(event.outcome, ({ fields, replies = [] }) => [...(fields ? [JSON.stringify(fields)] : []), ...replies.map(({ destination, body }) => (body && 'text' in body ? body.text : destination))].join(', ') || 'done');
    case 'dns':
      return outcome(event.outcome, ({ addresses }) => addresses.join(', '));
    case 'socket':
      return outcome(event.outcome, ({ bytesReceived }) => `${bytesReceived} bytes received`);
    case 'process':
      return outcome(event.outcome, ({ code, signal, pieces }) => `${signal ?? `code ${code ?? ''}`} ${pieces.map(({ body }) => describeBody(body)).join('')}`);
    case 'file':
      return outcome(event.outcome, ({ type, size, content, entries }) => (content ? describeBody(content) : (entries?.join(', ') ?? `${type ?? 'done'} ${size ?? ''}`)));
    case 'state':
    case 'random':
      return outcome(event.outcome, ({ value }) => JSON.stringify(value));
  }
}

export function describeCell(cell: Cell): string {
  if (cell === null) return 'NULL';
  if (typeof cell === 'string') return JSON.stringify(cell);
  return 'base64' in cell ? `base64:${cell.base64}` : cell.text;
}

/** As the stubs tell what they were asked. */
function describeTalk(event: SocketEvent): string {
  const said = talkOf(event)?.pieces?.flatMap(({ from, body }) => (from === 'client' && body ? [body] : [])) ?? [];
  if (said.length === 0) return `connect ${event.host}:${event.port}`;
  return `${event.host}:${event.port}: ${JSON.stringify(said.map(describeBody).join(''))}`;
}

function describeBody(body: Body): string {
  if ('text' in body) return Buffer.from(body.text).toString('latin1');
  return 'base64' in body ? Buffer.from(body.base64, 'base64').toString('latin1') : `(${body.size} bytes)`;
}

function describeReply(reply: RedisReply): string {
  return JSON.stringify(reply);
}

function outcome<T>(ended: Outcome<T>, describeOk: (value: T) => string): string {
  if ('ok' in ended) return cut(describeOk(ended.ok));
  if ('pending' in ended) return 'no answer yet';
  const { name, code, message } = ended.error;
  return cut(`${name ?? 'error'}${code === undefined ? '' : ` ${code}`}: ${message}`);
}

function s3Operation({ service, attributes }: HttpEvent): string | undefined {
  if (service !== 's3' || attributes?.['rpc.method'] === undefined) return undefined;
  const where = [attributes['aws.s3.bucket'], attributes['aws.s3.key']].filter((part) => part !== undefined).join('/');
  return `S3 ${attributes['rpc.method']} ${where}`;
}

function cut(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length <= LONGEST ? line : `${line.slice(0, LONGEST)}…`;
}
