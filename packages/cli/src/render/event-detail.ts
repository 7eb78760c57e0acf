import type { ErrorPackage, FileEvent, HeaderList, HttpEvent, HttpResponse, IoError, IoEvent, Message, MessageEvent, MongodbEvent, Outcome, ProcessEvent, RedisEvent, SocketEvent, SqlEvent, SqlResult, WebSocketMessage } from '@deja/format';
import type { Paint } from '../shared/paint.js';
import { bodyLines } from './body.js';
import { cellText, parameterText, redisArgument, redisReply } from './cells.js';
import { documentText } from './documents.js';
import { ioErrorText, requestAt, scopeText } from './event-line.js';
import { table } from './table.js';
import { cut, indent, oneLine, visible } from './text.js';
import { duration, plural } from './units.js';

export interface DetailOptions {
  readonly paint: Paint;
  /** Bodies and rows whole. */
  readonly full: boolean;
}

const MAX_ROWS = 50;
const MAX_CELL = 60;

/** Everything that is known of one event. */
export function eventDetail(event: IoEvent, pkg: ErrorPackage, options: DetailOptions): string {
  const { paint } = options;
  const facts = [
    scopeText(event.scope),
    ...(event.at === undefined ? [] : [began(event.at - requestAt(pkg))]),
    `took ${duration(event.ms)}`,
    ...(event.done === undefined ? [] : [`completed as number ${event.done}`]),
  ];
  const head = `${paint.bold(`#${event.seq} ${event.kind}`)}  ${paint.dim(facts.join(' · '))}`;
  const attributes = Object.entries(event.attributes ?? {}).map(([name, value]) => `${paint.dim(oneLine(name))} ${oneLine(String(value))}`);
  return [head, ...attributes, '', ...sections(event, pkg, options)].join('\n');
}

function began(ms: number): string {
  return ms < 0 ? `began ${duration(-ms)} before the request` : `began ${duration(ms)} into the request`;
}

function sections(event: IoEvent, pkg: ErrorPackage, options: DetailOptions): string[] {
  switch (event.kind) {
    case 'sql':
      return sql(event, options);
    case 'http':
      return http(event, pkg, options);
    case 'redis':
      return redis(event, options);
    case 'mongodb':
      return mongodb(event, options);
    case 'message':
      return brokered(event, pkg, options);
    case 'dns':
      return [`resolve ${oneLine(event.hostname)}`, '', ...ending(event.outcome, options.paint, (ok) => ok.addresses.map((address) => oneLine(address)))];
    case 'socket':
      return socket(event, pkg, options);
    case 'process':
      return program(event, pkg, options);
    case 'file':
      return file(event, pkg, options);
    case 'state':
      return [oneLine(event.name), '', ...ending(event.outcome, options.paint, ({ value }) => [visible(JSON.stringify(value, null, 2) ?? '')])];
    case 'random':
      return [event.source, '', ...ending(event.outcome, options.paint, ({ value }) => [oneLine(value)])];
  }
}

function sql(event: SqlEvent, options: DetailOptions): string[] {
  const { paint } = options;
  const params = (event.params ?? []).map((param, index) => `  ${paint.cyan(`$${index + 1}`)} = ${parameterText(param)}`);
  const prepared = event.prepared === undefined ? '' : ` · prepared ${oneLine(event.prepared)}`;
  return [
    paint.dim(`${oneLine(event.database)} · session ${event.session}${prepared}`),
    indent(visible(event.text.trim()), '  '),
    ...(params.length > 0 ? ['', ...params] : []),
    '',
    ...ending(event.outcome, paint, (ok) => [ok, ...(ok.more ?? [])].map((result) => rows(result, options))),
  ];
}

function rows(result: SqlResult, { paint, full }: DetailOptions): string {
  const tag = `${oneLine(result.command)}${result.rowCount === null ? '' : ` ${result.rowCount}`}`;
  if (result.fields.length === 0) return tag;
  const titles = result.fields.map((field) => ({ title: oneLine(field.name) }));
  const shown = full ? result.rows : result.rows.slice(0, MAX_ROWS);
  const cells = shown.map((row) => row.map((cell) => (full ? cellText(cell) : cut(cellText(cell), MAX_CELL))));
  const origins = result.fields.map((field) => oneLine(`${field.table === undefined ? '' : `${field.table}.${field.column ?? field.name} `}${field.type}`));
  const rest = result.rows.length - shown.length;
  return [
    tag,
    indent(table(titles, [origins.map((origin) => paint.dim(origin)), ...cells], paint.bold), '  '),
    ...(result.rows.length === 0 ? [paint.dim('  (no rows)')] : []),
    ...(rest > 0 ? [paint.dim(`  … ${plural(rest, 'more row')} (--full)`)] : []),
  ].join('\n');
}

function http(event: HttpEvent, pkg: ErrorPackage, options: DetailOptions): string[] {
  const { paint } = options;
  const peer = event.peer === undefined ? [] : [paint.dim(`to ${oneLine(event.peer.address)}:${event.peer.port}`)];
  return [
    ...peer,
    `${paint.bold(oneLine(event.method))} ${oneLine(event.url)}`,
    ...message(event.headers, event.body, pkg, options),
    '',
    ...ending(event.outcome, paint, (ok) => response(ok, pkg, options)),
  ];
}

function response(ok: HttpResponse, pkg: ErrorPackage, options: DetailOptions): string[] {
  const chunks = ok.chunks && ok.chunks.length > 1 ? [`${ok.chunks.length} chunks`] : [];
  const timing = [...(ok.ttfb === undefined ? [] : [`head after ${duration(ok.ttfb)}`]), ...chunks];
  const before = (ok.informational ?? []).map(({ status, headers, ms }) => `${options.paint.dim(`${status} after ${duration(ms)}`)}  ${headers.map(([name, value]) => oneLine(`${name}: ${value}`)).join(' · ')}`.trim());
  return [
    ...before,
    `${options.paint.bold(`HTTP/${oneLine(ok.httpVersion ?? '1.1')} ${ok.status} ${oneLine(ok.statusText ?? '')}`.trim())}${timing.length > 0 ? `  ${options.paint.dim(timing.join(' · '))}` : ''}`,
    ...message(ok.headers, ok.body, pkg, options),
    ...(ok.trailers ?? []).map(([name, value]) => `${options.paint.cyan(oneLine(name))}: ${oneLine(value)}`),
    ...(ok.messages && ok.messages.length > 0 ? ['', ...ok.messages.map((one) => said(one, pkg, options))] : []),
  ];
}

/** One message of a WebSocket: `12.5 ms → text`. */
function said({ from, ms, type, body, code, reason, unfinished }: WebSocketMessage, pkg: ErrorPackage, { paint, full }: DetailOptions): string {
  const head = `${duration(ms)} ${from === 'client' ? '→' : '←'} ${type}${code === undefined ? '' : ` ${code} ${oneLine(reason ?? '')}`}${unfinished ? ', cut off' : ''}`;
  return body === undefined ? paint.dim(head) : `${paint.dim(head)}\n${indent(bodyLines(pkg.blobs, body, [], full), '  ')}`;
}

/** Headers and body of a request or a response. */
export function message(headers: HeaderList, body: HttpResponse['body'], pkg: Pick<ErrorPackage, 'blobs'>, { paint, full }: DetailOptions): string[] {
  const lines = headers.map(([name, value]) => `${paint.cyan(oneLine(name))}: ${oneLine(value)}`);
  return body === undefined ? lines : [...lines, '', bodyLines(pkg.blobs, body, headers, full)];
}

function redis(event: RedisEvent, { paint }: DetailOptions): string[] {
  return [
    paint.dim(`${oneLine(event.server)} · session ${event.session}`),
    `  ${event.command.map((argument) => redisArgument(argument)).join(' ')}`,
    '',
    ...ending(event.outcome, paint, (reply) => [redisReply(reply)]),
  ];
}

function brokered(event: MessageEvent, pkg: ErrorPackage, options: DetailOptions): string[] {
  const channel = event.channel === undefined ? '' : ` · channel ${event.channel}`;
  return [
    options.paint.dim(`${oneLine(event.server)} · session ${event.session}${channel}`),
    `${options.paint.bold(oneLine(event.operation))} ${oneLine(event.destination)}`,
    ...content(event, pkg, options),
    '',
    ...ending(event.outcome, options.paint, ({ fields, replies = [] }) => [
      ...(fields ? [oneLine(JSON.stringify(fields))] : []),
      ...replies.flatMap((reply) => [`${options.paint.dim(`← ${duration(reply.ms)}`)} ${oneLine(reply.destination)}`, ...content(reply, pkg, options)]),
    ]),
  ];
}

function socket(event: SocketEvent, pkg: ErrorPackage, options: DetailOptions): string[] {
  const { outcome, host, port } = event;
  const talk = 'ok' in outcome ? outcome.ok : 'error' in outcome ? outcome.partial : outcome.pending.partial;
  const pieces = (talk?.pieces ?? []).map(({ from, ms, body }) => `${options.paint.dim(duration(ms))} ${from === 'client' ? '→' : '←'} ${body ? bodyLines(pkg.blobs, body, [], options.full) : 'encrypted from here on'}`);
  const end = talk?.end ? [options.paint.dim(`${duration(talk.end.ms)} ${talk.end.how} by the ${talk.end.by}`)] : [];
  return [
    `connect ${oneLine(host)}:${port}${event.tls ? ' (TLS)' : ''}${event.session === undefined ? '' : ` · connection ${event.session}`}`,
    '',
    ...pieces, ...end,
    ...ending(outcome, options.paint, (ok) => [`${plural(ok.bytesSent, 'byte')} sent, ${ok.bytesReceived} received`]),
  ];
}

function program(event: ProcessEvent, pkg: ErrorPackage, options: DetailOptions): string[] {
  const said = 'ok' in event.outcome ? event.outcome.ok : 'error' in event.outcome ? event.outcome.partial : event.outcome.pending.partial;
  return [
    [event.file, ...event.args].map((word) => oneLine(word)).join(' '),
    ...(event.cwd === undefined ? [] : [options.paint.dim(`in ${oneLine(event.cwd)}`)]),
    ...(event.input ? ['', options.paint.dim('input'), bodyLines(pkg.blobs, event.input, [], options.full)] : []),
    '',
    ...(said?.pieces ?? []).flatMap(({ from, ms, body }) => [options.paint.dim(`${duration(ms)} ${from}`), bodyLines(pkg.blobs, body, [], options.full)]),
    ...ending(event.outcome, options.paint, ({ code, signal }) => [signal === undefined ? `code ${code ?? '?'}` : `ended by ${oneLine(signal)}`]),
  ];
}

function file(event: FileEvent, pkg: ErrorPackage, options: DetailOptions): string[] {
  return [
    `${event.operation} ${oneLine(event.path)}${event.append ? ' (at its end)' : ''}`,
    ...(event.content ? ['', bodyLines(pkg.blobs, event.content, [], options.full)] : []),
    '',
    ...ending(event.outcome, options.paint, ({ type, size, mode, content, entries }) => [
      ...(type === undefined ? [] : [`${type}${size === undefined ? '' : ` of ${plural(size, 'byte')}`}${mode === undefined ? '' : `, mode ${(mode & 0o777).toString(8)}`}`]),
      ...(content ? [bodyLines(pkg.blobs, content, [], options.full)] : []),
      ...(entries ?? []).map((name) => oneLine(name)),
    ]),
  ];
}

function mongodb(event: MongodbEvent, { paint }: DetailOptions): string[] {
  const partial = 'error' in event.outcome ? event.outcome.partial?.reply : undefined;
  return [
    paint.dim(`${oneLine(event.server)} · database ${oneLine(event.database)} · session ${event.session}`),
    indent(documentText(event.command), '  '),
    '',
    ...ending(event.outcome, paint, ({ reply }) => [documentText(reply)]),
    ...(partial === undefined ? [] : ['', documentText(partial)]),
  ];
}

/** Key, properties, headers and body of a message. */
export function content({ key, properties, headers = [], body }: Message, pkg: Pick<ErrorPackage, 'blobs'>, options: DetailOptions): string[] {
  const facts = { ...(key === undefined ? {} : { key }), ...properties };
  return [
    ...Object.entries(facts).map(([name, value]) => `  ${options.paint.dim(oneLine(name))} ${oneLine(typeof value === 'string' ? value : JSON.stringify(value))}`),
    ...message(headers, body, pkg, options),
  ];
}

/** The three ways to end, the answer in whichever form its kind has. */
function ending<T>(outcome: Outcome<T>, paint: Paint, ok: (value: T) => readonly string[]): string[] {
  if ('ok' in outcome) return [...ok(outcome.ok)];
  if ('error' in outcome) return ioErrorLines(outcome.error, paint);
  return [paint.yellow('… no answer yet when the failure happened')];
}

function ioErrorLines(error: IoError, paint: Paint): string[] {
  const details = Object.entries({ code: error.code, errno: error.errno, syscall: error.syscall, phase: error.phase, 'bytes received': error.bytes, detail: error.detail, ...error.fields });
  return [
    paint.red(`✘ ${ioErrorText(error)}`),
    ...details.flatMap(([name, value]) => (value === undefined ? [] : [`  ${paint.dim(oneLine(name))} ${oneLine(String(value))}`])),
  ];
}
