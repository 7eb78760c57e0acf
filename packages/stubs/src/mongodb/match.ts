import type { Difference } from '../ledger.js';
import type { MongodbExchange } from '../plan.js';
import { type Compared, sameValue } from '../same-value.js';
import { type Fields, recordedFields } from './documents.js';

/** A command as it arrived at a stub. */
export interface MongodbQuestion {
  readonly database: string;
  readonly name: string;
  readonly fields: Fields;
}

/** What drivers make up for each client and session, or take from the time that is left. */
const MADE_UP = new Set(['lsid', '$clusterTime', 'txnNumber', 'maxTimeMS', '$db', 'recoveryToken', 'afterClusterTime', 'atClusterTime']);
const LONGEST = 80;

/** The first difference between a recorded command and one that arrived, or null when they ask the same. */
export function differentMongodbCommand(exchange: MongodbExchange & Compared, asked: MongodbQuestion): Difference | null {
  if (exchange.name !== asked.name) return { distance: 100, text: `command ${asked.name} instead of ${exchange.name}` };
  const recorded = recordedFields(exchange.command);
  const first = (fields: Fields): string => JSON.stringify(fields[asked.name]) ?? '';
  const distance = (first(recorded) === first(asked.fields) ? 0 : 10) + (exchange.database === asked.database ? 0 : 20);
  if (exchange.database !== asked.database) return { distance, text: `database ${asked.database} instead of ${exchange.database}` };
  const text = difference(recorded, asked.fields, '', exchange);
  return text === null ? null : { distance: distance + 1, text };
}

export function describeMongodbCommand(database: string, fields: Fields): string {
  const line = `${database}: ${JSON.stringify(withoutMadeUp(fields))}`;
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
}

/** In words, with the path of the field; null where there is none. */
function difference(then: unknown, now: unknown, path: string, exchange: Compared): string | null {
  const differs = (): string => `${path === '' ? 'the command' : path}: ${quote(now)} instead of ${quote(then)}`;
  if (typeof then !== 'object' || typeof now !== 'object' || then === null || now === null) {
    return typeof then === typeof now && sameValue(String(then), String(now), exchange) ? null : differs();
  }
  if (Array.isArray(then) !== Array.isArray(now)) return differs();
  const [before, after] = [withoutMadeUp(then as Fields), withoutMadeUp(now as Fields)];
  const [names, askedNames] = [Object.keys(before), Object.keys(after)];
  for (const [index, name] of names.entries()) {
    if (!Object.hasOwn(after, name)) return `${join(path, name)}: nothing instead of ${quote(before[name])}`;
    // The order of fields has a meaning within: in orders, in keys of indexes, in documents that are compared as a whole.
    if (path !== '' && askedNames[index] !== name && names.length === askedNames.length) return `${path}: its fields in another order`;
    const inner = difference(before[name], after[name], join(path, name), exchange);
    if (inner !== null) return inner;
  }
  const more = askedNames.find((name) => !Object.hasOwn(before, name));
  return more === undefined ? null : `${join(path, more)}: ${quote(after[more])} instead of nothing`;
}

function withoutMadeUp(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !MADE_UP.has(name)));
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

/** The session that a command belongs to; '' for none. */
export function sessionOf(fields: Fields): string {
  return JSON.stringify(fields['lsid'] ?? '');
}
