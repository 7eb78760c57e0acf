import type { Preview } from '@deja/format';
import { cut, oneLine, visible } from './text.js';

type Fields = { readonly [key: string]: Preview };

const MAX_ITEMS = 8;
const MAX_TEXT = 200;

/** A captured value as a JavaScript programmer would write it, on one line: `User { id: 47, plan: null }`. */
export function previewText(value: Preview, depth = 3): string {
  if (typeof value === 'string') return visible(JSON.stringify(cut(value, MAX_TEXT)));
  if (typeof value !== 'object' || value === null) return String(value);
  if (isList(value)) return list('[', value, ']', depth);
  return special(value, depth) ?? object(value, depth);
}

function isList(value: Preview | undefined): value is readonly Preview[] {
  return Array.isArray(value);
}

/** What JSON cannot say is an object whose `$` key tells its kind. */
function special(value: Fields, depth: number): string | null {
  const name = typeof value.$class === 'string' ? oneLine(value.$class) : '';
  const text = (key: string) => plain(value[key]);
  if ('$undefined' in value) return 'undefined';
  if ('$getter' in value) return '(getter)';
  if ('$bigint' in value) return `${text('$bigint')}n`;
  if ('$number' in value) return text('$number');
  if ('$symbol' in value) return `Symbol(${text('$symbol')})`;
  if ('$function' in value) return `ƒ ${text('$function')}()`;
  if ('$date' in value) return `Date ${text('$date')}`;
  if ('$regexp' in value) return text('$regexp');
  if ('$error' in value) return `${name || 'Error'}(${visible(JSON.stringify(cut(typeof value.$error === 'string' ? value.$error : '', MAX_TEXT)))})`;
  if ('$bytes' in value) return `${name || 'bytes'} <${Buffer.from(text('$bytes'), 'base64').toString('hex')}${'$cut' in value ? ` … ${text('$cut')}` : ''}>`;
  if (isList(value.$map)) return list('Map { ', value.$map, ' }', depth, (entry) => (isList(entry) ? entry.map((part) => previewText(part, depth - 1)).join(' => ') : previewText(entry, depth - 1)));
  if (isList(value.$set)) return list('Set { ', value.$set, ' }', depth);
  if (Object.keys(value).length === 1 && '$cut' in value) return `… ${text('$cut')}`;
  return null;
}

/** The content of a `$` key: a word or a number, whatever a hostile package puts there. */
function plain(content: Preview | undefined): string {
  return oneLine(cut(typeof content === 'string' ? content : (JSON.stringify(content) ?? ''), MAX_TEXT));
}

function list(open: string, items: readonly Preview[], close: string, depth: number, each = (item: Preview) => previewText(item, depth - 1)): string {
  if (items.length === 0) return open.trim() + close.trim();
  if (depth === 0) return `${open}… ${items.length}${close}`;
  return `${open}${[...items.slice(0, MAX_ITEMS).map((item) => each(item)), ...more(items.length)].join(', ')}${close}`;
}

function object(value: Fields, depth: number): string {
  const { $class: name, $cut: left, ...fields } = value;
  const prefix = typeof name === 'string' ? `${oneLine(name)} ` : '';
  const entries = Object.entries(fields);
  if (entries.length === 0) return left === undefined ? `${prefix}{}` : `${prefix}{… ${plain(left)}}`;
  if (depth === 0) return `${prefix}{…}`;
  const shown = entries.slice(0, MAX_ITEMS).map(([key, field]) => fieldText(key, field, depth - 1));
  const rest = left === undefined ? more(entries.length) : [`… ${plain(left)}`];
  return `${prefix}{ ${[...shown, ...rest].join(', ')} }`;
}

function fieldText(key: string, field: Preview, depth: number): string {
  // A field whose own name begins with a dollar was given a second one.
  const name = key.startsWith('$$') ? key.slice(1) : key;
  return `${/^[\p{L}$_][\p{L}\p{N}$_]*$/u.test(name) ? name : visible(JSON.stringify(name))}: ${previewText(field, depth)}`;
}

function more(count: number): string[] {
  return count > MAX_ITEMS ? [`… ${count - MAX_ITEMS} more`] : [];
}
