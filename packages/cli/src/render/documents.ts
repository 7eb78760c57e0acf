import { type ExtendedJson, type MongodbEvent, readExtendedJson } from '@deja/format';
import { visible } from './text.js';
import { plural } from './units.js';

/** Fields that every driver sends along. */
const UNTOLD = new Set(['lsid', '$clusterTime', 'txnNumber', 'operationTime']);

/** `users.find {"name": …}`: the collection, the command, and the rest of it. */
export function mongodbCommandText({ name, command }: Pick<MongodbEvent, 'name' | 'command'>): string {
  const { [name]: target, ...rest } = told(command);
  const text = Object.keys(rest).length === 0 ? '' : ` ${JSON.stringify(plain(rest))}`;
  return visible(typeof target === 'string' ? `${target}.${name}${text}` : `${name}${text}`);
}

/** What came back, in a few words. */
export function mongodbReplyText(reply: ExtendedJson): string {
  const { cursor, writeErrors, ok: _, ...rest } = told(reply);
  if (Array.isArray(writeErrors)) return plural(writeErrors.length, 'write error');
  const batch = typeof cursor === 'object' && cursor !== null ? Object.entries(cursor).find(([name]) => name === 'firstBatch' || name === 'nextBatch')?.[1] as unknown : undefined;
  if (Array.isArray(batch)) return plural(batch.length, 'document');
  return Object.keys(rest).length === 0 ? 'ok' : visible(JSON.stringify(plain(rest)));
}

/** Some of a bulk of writes failed, or could not be confirmed. */
export function hasMongodbErrors(reply: ExtendedJson): boolean {
  const fields = readExtendedJson(reply) ?? {};
  return fields['writeErrors'] !== undefined || fields['writeConcernError'] !== undefined;
}

/** Whole, with every type, a field on a line. */
export function documentText(text: ExtendedJson): string {
  const fields = readExtendedJson(text);
  return visible(fields === null ? text : JSON.stringify(fields, null, 2));
}

function told(text: ExtendedJson): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(readExtendedJson(text) ?? {}).filter(([name]) => !UNTOLD.has(name)));
}

/** Numbers without their types: for reading. */
function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(plain);
  const [first] = Object.entries(value);
  if (first !== undefined && /^\$number(?:Int|Double)$/.test(first[0]) && Number.isFinite(Number(first[1]))) return Number(first[1]);
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item)]));
}
