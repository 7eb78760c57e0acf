import type { ErrorPackage, HeaderList, HttpEvent, HttpResponse, IoError, IoEvent, Outcome, RedisEvent, SqlEvent, SqlResult } from '@deja/format';
import type { Paint } from '../shared/paint.js';
import { bodyLines } from './body.js';
import { cellText, parameterText, redisArgument, redisReply } from './cells.js';
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
    case 'dns':
      return [`resolve ${oneLine(event.hostname)}`, '', ...ending(event.outcome, options.paint, (ok) => ok.addresses.map((address) => oneLine(address)))];
    case 'socket':
      return [`connect ${oneLine(event.host)}:${event.port}`, '', ...ending(event.outcome, options.paint, (ok) => [`${plural(ok.bytesSent, 'byte')} sent, ${ok.bytesReceived} received`])];
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
  return [
    `${options.paint.bold(`HTTP/${oneLine(ok.httpVersion ?? '1.1')} ${ok.status} ${oneLine(ok.statusText ?? '')}`.trim())}${timing.length > 0 ? `  ${options.paint.dim(timing.join(' · '))}` : ''}`,
    ...message(ok.headers, ok.body, pkg, options),
    ...(ok.trailers ?? []).map(([name, value]) => `${options.paint.cyan(oneLine(name))}: ${oneLine(value)}`),
  ];
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
