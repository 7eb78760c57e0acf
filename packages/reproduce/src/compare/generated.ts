import type { ErrorInfo, ErrorPackage } from '@deja/format';
import { bodyBytes } from '@deja/format/node';
import { generatedValues, idsIn, inRecordedTerms, type OpenValues, withPairs } from '@deja/stubs';
import { type Exchange, exchanges } from './exchanges.js';
import { mongodbCommand } from './mongodb.js';
import { isRead } from './reads.js';
import { saidBy } from './talk.js';

/**
 * The replayed package with recorded values in the place of those that the application generated anew: found in what it sent, exchange by exchange, and in the texts of its errors.
 * Each stands for one, and no value that was observed otherwise stands for any.
 */
export function asRecorded(recorded: ErrorPackage, replayed: ErrorPackage): ErrorPackage {
  const generated = new Set(generatedValues(recorded).map(({ value }) => value));
  const known = new Set(idsIn([recorded.context, recorded.timeline], recorded.blobs));
  for (const id of idsIn(messagesOf(recorded.failure?.error), new Map())) if (!known.has(id)) generated.add(id);
  if (generated.size === 0) return replayed;
  const open: OpenValues = { values: generated, isKnown: (value) => known.has(value) && !generated.has(value), pairs: new Map() };
  const now = exchanges(replayed, recorded).filter((event) => !isRead(event));
  for (const [index, event] of exchanges(recorded, recorded).filter((one) => !isRead(one)).entries()) {
    const other = now[index];
    if (other?.kind === event.kind) pair(sentTexts(event, recorded), sentTexts(other, replayed), open);
  }
  pair(messagesOf(recorded.failure?.error), messagesOf(replayed.failure?.error), open);
  const back = new Map([...open.pairs].map(([then, later]) => [later, then]));
  if (back.size === 0) return replayed;
  const blobs = new Map([...replayed.blobs].map(([name, bytes]) => [name, Buffer.from(withPairs(Buffer.from(bytes).toString('latin1'), back), 'latin1')]));
  return { ...replayed, timeline: withPairs(replayed.timeline, back), failure: withPairs(replayed.failure, back), blobs };
}

function pair(before: readonly string[], now: readonly string[], open: OpenValues): void {
  for (const [index, text] of before.entries()) inRecordedTerms(text, now[index] ?? '', open);
}

/** What was sent, as texts in one order. */
function sentTexts(event: Exchange, { blobs }: ErrorPackage): readonly string[] {
  switch (event.kind) {
    case 'http':
      return [event.url, event.body ? Buffer.from(bodyBytes(blobs, event.body)).toString('latin1') : ''];
    case 'sql':
      return [event.text, ...(event.params ?? []).map(textOf)];
    case 'redis':
      return event.command.map(textOf);
    case 'mongodb':
      return [JSON.stringify(mongodbCommand(event))];
    case 'message':
      return [event.destination, textOf(event.key), event.body ? Buffer.from(bodyBytes(blobs, event.body)).toString('latin1') : ''];
    case 'process':
      return [event.file, ...event.args];
    case 'socket':
      return saidBy('client', event, blobs);
    case 'file':
      return [event.path];
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function messagesOf(error: ErrorInfo | undefined): readonly string[] {
  if (error === undefined) return [];
  return [error.message, ...messagesOf(error.cause), ...(error.errors ?? []).flatMap(messagesOf)];
}
