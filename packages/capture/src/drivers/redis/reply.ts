import { types } from 'node:util';
import type { RedisArgument, RedisReply } from '@deja/format';
import { redactBytes } from '../shared/redact-bytes.js';
import { textField } from '../shared/values.js';

export type Redact = (name: string, value: string) => string;

/** Commands whose short text answers are simple strings; the clients do not tell those from bulk strings any more. */
const STATUS = new Set(
  `set setex psetex mset hmset select auth multi ping quit watch unwatch discard rename ltrim lset type flushdb flushall save bgsave bgrewriteaof client config script
  function restore migrate swapdb readonly readwrite asking cluster xgroup xsetid pfmerge reset failover replicaof slaveof shutdown spublish debug module acl json.set json.mset`.split(/\s+/),
);
/** Answers that are field, value, field, value …: a value is called what its field is. */
const PAIRED = new Set(['hgetall', 'config']);
const STATUS_TEXT = /^(OK|PONG|QUEUED|RESET|none|string|list|set|zset|hash|stream|ReJSON-RL|Background .*)$/;

/** A reply as the client library gave it, in the shape of the protocol. `nameOf` names the values inside, by path, for redaction. */
export function toReply(value: unknown, command: string, nameOf: (path: readonly (string | number)[]) => string, redact: Redact): RedisReply {
  const convert = (one: unknown, path: readonly (string | number)[]): RedisReply => {
    if (one === null || one === undefined) return { null: true };
    if (one instanceof Uint8Array) return text(bytesOf(one), path);
    if (one instanceof Error) return { error: textField(one, 'message') ?? '' };
    if (Array.isArray(one)) return { array: one.map((member, index) => convert(member, [...path, PAIRED.has(command) && index % 2 === 1 ? plainKey(one[index - 1]) : index])) };
    if (one instanceof Set) return { set: [...one].map((member, index) => convert(member, [...path, index])) };
    if (one instanceof Map) return { map: [...one].map(([key, member]) => [convert(key, []), convert(member, [...path, String(key)])] as const) };
    if (typeof one === 'string') return text(one, path);
    if (typeof one === 'number') return Number.isInteger(one) ? { integer: String(one) } : { double: doubleText(one) };
    if (typeof one === 'bigint') return { bigNumber: String(one) };
    if (types.isStringObject(one)) return verbatim(one.valueOf(), textField(one, 'format') ?? 'txt', path);
    if (typeof one === 'boolean') return { boolean: one };
    if (typeof one === 'object') return { map: Object.entries(one).map(([key, member]) => [{ bulk: key }, convert(member, [...path, key])] as const) };
    return { null: true };
  };
  const verbatim = (one: string, format: string, path: readonly (string | number)[]): RedisReply => ({ verbatim: redact(nameOf(path), one), format });
  const text = (one: string | { readonly base64: string }, path: readonly (string | number)[]): RedisReply => {
    if (typeof one !== 'string') return { base64: redactBytes(nameOf(path), one.base64, redact) };
    if (one === 'QUEUED' || (command === 'exec' && one === 'OK') || (STATUS.has(command) && STATUS_TEXT.test(one))) return { simple: one };
    return { bulk: redact(nameOf(path), one) };
  };
  return convert(value, []);
}

function plainKey(value: unknown): string {
  const text = value instanceof Uint8Array ? bytesOf(value) : value;
  return typeof text === 'string' ? text : '';
}

/** Text where the bytes are text, else base64. */
export function bytesOf(bytes: Uint8Array): string | { readonly base64: string } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString('utf8');
  // Invalid sequences decode to the replacement character, which may also be there in earnest.
  return text.includes('�') && !Buffer.from(text, 'utf8').equals(buffer) ? { base64: buffer.toString('base64') } : text;
}

export function toArgument(value: unknown, name: string, redact: Redact): RedisArgument {
  const text = value instanceof Uint8Array ? bytesOf(value) : typeof value === 'string' ? value : String(value);
  return typeof text === 'string' ? redact(name, text) : { base64: redactBytes(name, text.base64, redact) };
}

function doubleText(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (value === Number.POSITIVE_INFINITY) return 'inf';
  return value === Number.NEGATIVE_INFINITY ? '-inf' : String(value);
}

/** Bytes that a reply keeps alive, roughly. */
export function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length * 2;
  if (value instanceof Uint8Array) return value.byteLength;
  if (Array.isArray(value)) return value.reduce<number>((sum, one) => sum + sizeOf(one), 16 * value.length);
  if (typeof value === 'object' && value !== null) return Object.entries(value).reduce((sum, [key, one]) => sum + key.length * 2 + sizeOf(one), 64);
  return 8;
}
