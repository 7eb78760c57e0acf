import { isUtf8 } from 'node:buffer';
import { basename } from 'node:path';
import type { ErrorPackage, HeaderList, Message, Outcome, ProcessPiece, WebSocketMessage } from '@deja/format';
import { bodyBytes } from '@deja/format/node';
import { isAwsChunked, readAwsChunked, setsRedisUp, signingNames, unified } from '@deja/stubs';
import { inRecordedOrder } from './at-once.js';
import { describeOutcome, describeRequest } from './describe.js';
import type { Divergence } from './divergence.js';
import { type Exchange, exchanges } from './exchanges.js';
import { mongodbCommand, mongodbReply } from './mongodb.js';
import { isRead, readsLike } from './reads.js';
import { afterOpening, saidBy, timesApart } from './talk.js';
import { sameValue, type Windows } from './values.js';
import { windowsOf } from './windows.js';

/**
 * The first difference between what the failing request asked of the outside and was told, up to the failure, then and now.
 * Randomness, state and name look-ups are inputs of the replay, not exchanges: they are not compared.
 */
export function compareTimelines(recorded: ErrorPackage, replayed: ErrorPackage): Divergence | null {
  const windows = windowsOf(recorded, replayed);
  const then = exchanges(recorded, recorded);
  const now = exchanges(replayed, recorded);
  return (
    compareExchanges(then.filter(asked), now.filter(asked), recorded, replayed, windows) ??
    compareExchanges(then.filter(isRead), readsLike(then, now), recorded, replayed, windows) ??
    comparePushes(then.filter(isPush), now.filter(isPush), recorded, replayed, windows)
  );
}

function compareExchanges(then: readonly Exchange[], all: readonly Exchange[], recorded: ErrorPackage, replayed: ErrorPackage, windows: Windows): Divergence | null {
  const now = inRecordedOrder(then, all, (event, other) => sameRequest(event, recorded, other, replayed, windows));
  for (const [index, event] of then.entries()) {
    const found = now[index];
    const other = event.kind === 'socket' && found?.kind === 'socket' ? afterOpening(event, recorded.blobs, found, replayed.blobs) : found;
    if (other === undefined) return differs(event.seq, `event ${event.seq} did not happen`, describeRequest(event), 'nothing');
    if (!sameRequest(event, recorded, other, replayed, windows)) {
      return differs(event.seq, `event ${event.seq} asked something else`, describeRequest(event), describeRequest(other));
    }
    if (!sameOutcome(event, recorded, other, replayed, windows)) {
      return differs(event.seq, `event ${event.seq} ended differently (${describeRequest(event)})`, describeOutcome(event), describeOutcome(other));
    }
  }
  const extra = now[then.length];
  return extra ? differs(undefined, 'the replay asked more than the recording', 'nothing', describeRequest(extra)) : null;
}

/** Messages come between the request's own exchanges at moments that nobody chose, and the last ones before the failure or after it. */
function comparePushes(then: readonly Exchange[], now: readonly Exchange[], recorded: ErrorPackage, replayed: ErrorPackage, windows: Windows): Divergence | null {
  const both = Math.min(then.length, now.length);
  return compareExchanges(then.slice(0, both), now.slice(0, both), recorded, replayed, windows);
}

function isPush(event: Exchange): boolean {
  return event.kind === 'redis' && event.push === true;
}

/** What the application asked, and not its client library to set up a connection: that happens when it connects, as often as it has to. */
function asked(event: Exchange): boolean {
  return !isRead(event) && (event.kind !== 'redis' || !(isPush(event) || setsRedisUp(event.command)));
}

function requestOf(event: Exchange, { blobs, databases, servers }: ErrorPackage): unknown {
  switch (event.kind) {
    case 'sql':
      return ['sql', databaseOf(event.database, databases), event.text, event.params ?? []];
    case 'http':
      // How much of a body was out when it was given up is a matter of time.
      return ['http', event.method, ...partsOf(event.url), event.body && !event.unfinished ? sent(event.headers, bodyBytes(blobs, event.body)) : ''];
    case 'redis':
      return ['redis', addressOf(event.server, servers), event.command];
    case 'mongodb':
      return ['mongodb', addressOf(event.server, servers), event.database, mongodbCommand(event)];
    case 'message':
      return ['message', addressOf(event.server, servers), event.operation, event.channel ?? 0, ...messageOf(event, event.destination, blobs)];
    case 'socket':
      return ['socket', event.transport ?? 'tcp', event.host, event.port, saidBy('client', event, blobs)];
    case 'process':
      return ['process', timesApart(event.file), event.args.map(timesApart), event.input ? timesApart(content(bodyBytes(blobs, event.input))) : ''];
    case 'file':
      return ['file', event.operation, timesApart(event.path), event.append ?? false, event.content ? timesApart(content(bodyBytes(blobs, event.content))) : ''];
  }
}

/** Servers are named in the order in which they are first asked, and the nodes of a cluster are asked in any. */
function addressOf(name: string, servers: ErrorPackage['servers']): string {
  const info = servers.find((server) => server.name === name);
  return info ? `${info.host}:${info.port}` : name;
}

/** A SQLite file is the same one wherever the application's folder lies. */
function databaseOf(name: string, databases: ErrorPackage['databases']): string {
  const info = databases.find((database) => database.name === name);
  return info?.engine === 'sqlite' && info.file !== undefined ? basename(info.file) : name;
}

/** What was asked of a connection that had not ended is compared as far as both have come. */
function sameRequest(event: Exchange, recorded: ErrorPackage, other: Exchange, replayed: ErrorPackage, windows: Windows): boolean {
  const open = [event, other].some(({ kind, outcome }) => kind === 'socket' && 'pending' in outcome);
  if (!open || event.kind !== 'socket' || other.kind !== 'socket') return sameValue(requestOf(event, recorded), requestOf(other, replayed), windows);
  const [then, now] = [saidBy('client', event, recorded.blobs), saidBy('client', other, replayed.blobs)];
  const whole = Math.min(then.length, now.length) - 1;
  const [last = '', end = ''] = [then[whole], now[whole]];
  return event.host === other.host && event.port === other.port && sameValue(then.slice(0, whole), now.slice(0, whole), windows) && (last.startsWith(end) || end.startsWith(last));
}

function sameOutcome(event: Exchange, recorded: ErrorPackage, other: Exchange, replayed: ErrorPackage, windows: Windows): boolean {
  const [then, now] = [event.outcome, other.outcome];
  // Still under way at the failure, it may have ended by now in the replay, and the other way round: only its beginning counts.
  if ('pending' in then || 'pending' in now) return statusOf(then) === undefined || statusOf(now) === undefined || statusOf(then) === statusOf(now);
  if (sameValue(outcomeOf(event, recorded), outcomeOf(other, replayed), windows) || cutShort(event, recorded, other, replayed)) return true;
  // The engine gives rows in the order that was asked for. Where the same rows come in another one, nothing was asked about it.
  const [before, after] = [inOneOrder(event), inOneOrder(other)];
  return before !== null && after !== null && sameValue(outcomeOf(before, recorded), outcomeOf(after, replayed), windows);
}

/** How much of a program's output was there when it was ended by a signal is a matter of moments. */
function cutShort(event: Exchange, recorded: ErrorPackage, other: Exchange, replayed: ErrorPackage): boolean {
  if (event.kind !== 'process' || other.kind !== 'process' || !('ok' in event.outcome) || !('ok' in other.outcome)) return false;
  const [then, now] = [event.outcome.ok, other.outcome.ok];
  if (then.signal === undefined || then.signal !== now.signal) return false;
  return (['stdout', 'stderr'] as const).every((from) => {
    const [before, after] = [outputOf(from, then.pieces, recorded.blobs), outputOf(from, now.pieces, replayed.blobs)];
    return before.startsWith(after) || after.startsWith(before);
  });
}

function inOneOrder(event: Exchange): Exchange | null {
  if (event.kind !== 'sql' || !('ok' in event.outcome)) return null;
  const { ok } = event.outcome;
  const rows = ok.rows.map((row) => ({ row, text: JSON.stringify(row) })).toSorted((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0));
  return { ...event, outcome: { ok: { ...ok, rows: rows.map(({ row }) => row) } } };
}

function outcomeOf(event: Exchange, { blobs }: ErrorPackage): unknown {
  switch (event.kind) {
    case 'sql':
      return ended(event.outcome, ({ command, rowCount, rows, fields }) => [command, rowCount, rows, fields.map((field) => field.name)]);
    case 'http':
      return ended(event.outcome, ({ status, body, trailers, messages }) => [status, body ? content(bodyBytes(blobs, body)) : '', trailers ?? [], conversation(messages ?? [], blobs)]);
    case 'redis':
      return ended(event.outcome, (reply) => reply);
    case 'mongodb':
      return ended(event.outcome, mongodbReply);
    case 'message':
      return ended(event.outcome, ({ fields, replies }) => [fields ?? {}, (replies ?? []).map((reply) => messageOf(reply, event.destination, blobs))]);
    case 'process':
      return ended(event.outcome, ({ code, signal, pieces }) => [code, signal ?? '', ...(['stdout', 'stderr'] as const).map((from) => outputOf(from, pieces, blobs))]);
    case 'file':
      return ended(event.outcome, ({ type, content: read, entries }) => [type ?? '', read ? content(bodyBytes(blobs, read)) : '', entries?.toSorted() ?? []]);
    case 'socket':
      return ended(event.outcome, () => saidBy('server', event, blobs));
  }
}

/** A message without what its client draws anew each time. `asked`: where its exchange was addressed to. */
function messageOf({ destination, key, headers, properties, body }: Message, asked: string, blobs: ErrorPackage['blobs']): readonly unknown[] {
  const bytes = body ? Buffer.from(bodyBytes(blobs, body)) : Buffer.alloc(0);
  const text = isUtf8(bytes) ? unified(bytes.toString(), asked) : bytes.toString('latin1');
  return [unified(destination, asked), key ?? '', headers ?? [], properties ?? {}, content(Buffer.from(text))];
}

function outputOf(from: ProcessPiece['from'], pieces: readonly ProcessPiece[], blobs: ErrorPackage['blobs']): string {
  return Buffer.concat(pieces.filter((piece) => piece.from === from).map(({ body }) => bodyBytes(blobs, body))).toString('latin1');
}

/** What both sides of a WebSocket said; pings and pongs come and go with time. */
function conversation(messages: readonly WebSocketMessage[], blobs: ErrorPackage['blobs']): unknown {
  return messages
    .filter(({ type }) => type !== 'ping' && type !== 'pong')
    .map(({ from, type, body, code, reason }) => [from, type, body ? content(bodyBytes(blobs, body)) : '', code ?? '', reason ?? '']);
}

/** The status of an HTTP answer of which the head had arrived. */
function statusOf(outcome: Exchange['outcome']): number | undefined {
  const seen = 'ok' in outcome ? outcome.ok : 'error' in outcome ? outcome.partial : outcome.pending.partial;
  return seen && 'status' in seen ? seen.status : undefined;
}

function ended<T>(outcome: Outcome<T>, ok: (value: T) => unknown): unknown {
  if ('ok' in outcome) return { ok: ok(outcome.ok) };
  if ('pending' in outcome) return 'pending';
  return { error: outcome.error.code ?? outcome.error.message };
}

/** A time within a query is one value of it; signatures are left out. */
function partsOf(url: string): readonly unknown[] {
  const { origin, pathname, searchParams, hash } = new URL(url);
  const signs = signingNames(searchParams);
  return [origin + pathname + hash, ...[...searchParams].filter(([name]) => !signs(name))];
}

/** Where the chunks of S3's own coding end, and what signs them, is chance. */
function sent(headers: HeaderList, bytes: Uint8Array): unknown {
  const chunked = isAwsChunked(headers) ? readAwsChunked(bytes) : null;
  return chunked ? [content(chunked.payload), ...chunked.trailers] : content(bytes);
}

/** JSON is compared by structure, anything else by its bytes. */
function content(bytes: Uint8Array): unknown {
  const text = Buffer.from(bytes).toString('latin1');
  if (text.startsWith('{') || text.startsWith('[')) {
    try {
      return JSON.parse(Buffer.from(bytes).toString('utf8'));
    } catch {
      return text;
    }
  }
  return text;
}

function differs(seq: number | undefined, summary: string, recorded: string, replayed: string): Divergence {
  return { where: 'timeline', ...(seq === undefined ? {} : { seq }), summary, recorded, replayed };
}
