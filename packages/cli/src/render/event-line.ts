import type { ErrorPackage, IoError, IoEvent, Outcome, Scope } from '@deja/format';
import { cut, oneLine } from './text.js';
import { cellText, parameterText, redisArgument, redisReply } from './cells.js';
import { hasMongodbErrors, mongodbCommandText, mongodbReplyText } from './documents.js';
import { plural, size } from './units.js';

/** What an event asked of the outside, on one line. */
export function whatText(event: IoEvent): string {
  switch (event.kind) {
    case 'sql':
      return oneLine(event.text) + (event.params?.length ? `  [${event.params.map((param) => cut(parameterText(param), 40)).join(', ')}]` : '');
    case 'http':
      return oneLine(`${event.method} ${event.url}`);
    case 'redis':
      return oneLine(event.command.map((argument) => redisArgument(argument)).join(' '));
    case 'mongodb':
      return oneLine(`${event.database}.${mongodbCommandText(event)}`);
    case 'message':
      return oneLine(`${event.operation} ${event.destination}${typeof event.key === 'string' ? ` ${event.key}` : ''}`.trim());
    case 'dns':
      return oneLine(event.hostname);
    case 'socket':
      return oneLine(`${event.host}:${event.port}`);
    case 'process':
      return oneLine([event.file, ...event.args].join(' '));
    case 'file':
      return oneLine(`${event.operation} ${event.path}`);
    case 'state':
      return oneLine(event.name);
    case 'random':
      return event.source;
  }
}

/** How an event ended, in a few words. */
export function outcomeText(event: IoEvent): string {
  switch (event.kind) {
    case 'sql':
      return ended(event.outcome, ({ command, rowCount, rows, fields }) => (fields.length > 0 ? plural(rows.length, 'row') + firstCell(rows, fields.length) : `${oneLine(command)}${rowCount === null ? '' : ` ${rowCount}`}`));
    case 'http':
      return ended(event.outcome, ({ status, statusText, body }) => oneLine(`${status} ${statusText ?? ''}`) + (body ? `, ${size(bodySize(body))}` : ''));
    case 'redis':
      return ended(event.outcome, (reply) => cut(oneLine(redisReply(reply)), 40));
    case 'mongodb':
      return ended(event.outcome, ({ reply }) => cut(oneLine(mongodbReplyText(reply)), 40));
    case 'message':
      return ended(event.outcome, ({ replies = [], fields }) => (replies.length > 0 ? (replies.length === 1 ? '1 reply' : `${replies.length} replies`) : fields ? cut(oneLine(JSON.stringify(fields)), 40) : 'done'));
    case 'dns':
      return ended(event.outcome, ({ addresses }) => oneLine(addresses.join(', ')));
    case 'socket':
      return ended(event.outcome, ({ bytesSent, bytesReceived }) => `${size(bytesSent)} out, ${size(bytesReceived)} in`);
    case 'process':
      return ended(event.outcome, ({ code, signal }) => signal ?? `code ${code ?? '?'}`);
    case 'file':
      return ended(event.outcome, ({ type, content, entries }) => (content ? size(bodySize(content)) : entries ? plural(entries.length, 'name') : (type ?? 'ok')));
    case 'state':
    case 'random':
      return ended(event.outcome, ({ value }) => cut(oneLine(typeof value === 'string' ? value : JSON.stringify(value)), 40));
  }
}

export type Ending = 'ok' | 'bad' | 'error' | 'pending';

/** `bad`: answered, but with a refusal (HTTP 4xx and 5xx, a Redis error, errors of single writes of MongoDB). */
export function endingOf(event: IoEvent): Ending {
  if ('pending' in event.outcome) return 'pending';
  if ('error' in event.outcome) return 'error';
  if (event.kind === 'http' && event.outcome.ok.status >= 400) return 'bad';
  if (event.kind === 'process' && event.outcome.ok.code !== 0) return 'bad';
  if (event.kind === 'mongodb') return hasMongodbErrors(event.outcome.ok.reply) ? 'bad' : 'ok';
  return event.kind === 'redis' && 'error' in event.outcome.ok ? 'bad' : 'ok';
}

/** `boot`, `background`, `request` (the failing one), or the number of one that overlapped it. */
export function scopeText(scope: Scope | undefined): string {
  if (scope?.in === 'boot' || scope?.in === 'background') return scope.in;
  return scope === undefined || scope.request === 0 ? 'request' : `other ${scope.request}`;
}

/** When the failing request arrived, from the timeline's epoch: people count from there. */
export function requestAt({ context }: Pick<ErrorPackage, 'context'>): number {
  return context.requests[0]?.at ?? 0;
}

/** `23505 duplicate key value …`. */
export function ioErrorText(error: IoError): string {
  const code = error.code !== undefined && !error.message.includes(error.code) ? `${error.code} ` : '';
  return oneLine(`${code}${error.message || (error.name ?? 'error')}`);
}

/** What the events name: the database or server, where there are several. */
export function whereText(event: IoEvent, pkg: Pick<ErrorPackage, 'databases' | 'servers'>): string {
  if (event.kind === 'sql') return pkg.databases.length > 1 ? oneLine(event.database) : '';
  return (event.kind === 'redis' || event.kind === 'mongodb' || event.kind === 'message') && pkg.servers.length > 1 ? oneLine(event.server) : '';
}

function bodySize(body: { readonly text: string } | { readonly base64: string } | { readonly blob: string; readonly size: number }): number {
  if ('text' in body) return Buffer.byteLength(body.text);
  return 'base64' in body ? Buffer.from(body.base64, 'base64').length : body.size;
}

function firstCell(rows: readonly (readonly Parameters<typeof cellText>[0][])[], columns: number): string {
  const cell = rows[0]?.[0];
  return rows.length === 1 && columns === 1 && cell !== undefined ? `: ${cut(cellText(cell), 40)}` : '';
}

function ended<T>(outcome: Outcome<T>, ok: (value: T) => string): string {
  if ('ok' in outcome) return ok(outcome.ok);
  if ('pending' in outcome) return 'no answer yet';
  const phase = outcome.error.phase === undefined ? '' : ` (${outcome.error.phase})`;
  return cut(ioErrorText(outcome.error), 80) + phase;
}
