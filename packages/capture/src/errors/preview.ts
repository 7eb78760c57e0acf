import { types } from 'node:util';
import type { Preview } from '@deja/format';

/** Bounds of a preview: levels, fields of an object, items of a list, UTF-16 units of a string, values in all. */
export interface PreviewLimits {
  readonly depth: number;
  readonly fields: number;
  readonly items: number;
  readonly characters: number;
  readonly values: number;
}

export const DEFAULT_PREVIEW: PreviewLimits = { depth: 4, fields: 30, items: 30, characters: 512, values: 400 };
const SHOWN_BYTES = 64;

interface Walk {
  readonly limits: PreviewLimits;
  readonly path: object[];
  left: number;
}

type Fields = { [key: string]: Preview };

// Taken once: own fields and overridden methods of the value must not run.
const dateTime = detached(Date.prototype, 'getTime') as (value: Date) => number;
const mapEntries = detached(Map.prototype, 'entries') as (value: Map<unknown, unknown>) => Iterable<[unknown, unknown]>;
const setValues = detached(Set.prototype, 'values') as (value: Set<unknown>) => Iterable<unknown>;
const sourceOf = detached(RegExp.prototype, 'source') as (value: RegExp) => string;

/** A bounded, plain picture of any value. No getter, Proxy trap or `toJSON` of the value runs. Never throws. */
export function preview(value: unknown, limits: PreviewLimits = DEFAULT_PREVIEW): Preview {
  try {
    return pictured(value, { limits, path: [], left: limits.values });
  } catch (error) {
    return { $cut: `not readable: ${error instanceof Error ? error.message : 'unknown'}` };
  }
}

function pictured(value: unknown, walk: Walk): Preview {
  walk.left -= 1;
  switch (typeof value) {
    case 'string':
      return cutText(value, walk.limits.characters);
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0) ? value : { $number: Object.is(value, -0) ? '-0' : String(value) };
    case 'boolean':
      return value;
    case 'undefined':
      return { $undefined: true };
    case 'bigint':
      return { $bigint: cutText(value.toString(), walk.limits.characters) };
    case 'symbol':
      return { $symbol: cutText(value.description ?? '', walk.limits.characters) };
    case 'function':
      return { $function: types.isProxy(value) ? 'Proxy' : nameOf(value) };
    case 'object':
      return value === null ? null : picturedObject(value, walk);
    default:
      return null;
  }
}

function picturedObject(value: object, walk: Walk): Preview {
  if (types.isProxy(value)) return { $class: 'Proxy' };
  const level = walk.path.indexOf(value);
  if (level !== -1) return { $cut: `circular: ${walk.path.length - level} up` };
  const name = classOf(value);
  if (walk.path.length >= walk.limits.depth || walk.left <= 0) return { $class: name, $cut: Array.isArray(value) ? `${value.length} items` : 'deeper' };
  walk.path.push(value);
  try {
    return picturedContents(value, name, walk);
  } finally {
    walk.path.pop();
  }
}

function picturedContents(value: object, name: string, walk: Walk): Preview {
  if (Array.isArray(value)) return picturedArray(value, walk);
  if (types.isDate(value)) {
    const time = dateTime(value);
    return { $date: Number.isNaN(time) ? 'invalid' : new Date(time).toISOString() };
  }
  if (types.isRegExp(value)) return { $regexp: cutText(sourceOf(value), walk.limits.characters) };
  if (types.isMap(value)) return { $map: listed(mapEntries(value), value.size, ([key, item]) => [pictured(key, walk), pictured(item, walk)], walk) };
  if (types.isSet(value)) return { $set: listed(setValues(value), value.size, (item) => pictured(item, walk), walk) };
  if (ArrayBuffer.isView(value)) return picturedBytes(name, new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  if (types.isAnyArrayBuffer(value)) return picturedBytes(name, new Uint8Array(value));
  if (types.isNativeError(value)) {
    const message: unknown = Object.getOwnPropertyDescriptor(value, 'message')?.value;
    return { $error: typeof message === 'string' ? cutText(message, walk.limits.characters) : '', $class: name, ...fieldsOf(value, walk) };
  }
  const fields = fieldsOf(value, walk);
  return name === 'Object' ? fields : { $class: name, ...fields };
}

function picturedArray(value: readonly unknown[], walk: Walk): Preview {
  const items: Preview[] = [];
  for (let index = 0; index < value.length && index < walk.limits.items && walk.left > 0; index++) {
    const descriptor = Object.getOwnPropertyDescriptor(value, index);
    items.push(descriptor === undefined ? { $undefined: true } : picturedProperty(descriptor, walk));
  }
  if (value.length > items.length) items.push({ $cut: `${value.length - items.length} more items` });
  return items;
}

function fieldsOf(value: object, walk: Walk): Fields {
  const fields: Fields = {};
  let shown = 0;
  let left = 0;
  for (const key of Object.keys(value)) {
    if (shown >= walk.limits.fields || walk.left <= 0) {
      left += 1;
      continue;
    }
    const descriptor = Object.getOwnPropertyDescriptor(value, key);
    if (descriptor === undefined) continue;
    define(fields, key.startsWith('$') ? `$${key}` : key, picturedProperty(descriptor, walk));
    shown += 1;
  }
  if (left > 0) fields['$cut'] = `${left} more fields`;
  return fields;
}

function picturedProperty(descriptor: PropertyDescriptor, walk: Walk): Preview {
  return 'value' in descriptor ? pictured(descriptor.value, walk) : { $getter: true };
}

function listed<T>(values: Iterable<T>, size: number, one: (value: T) => Preview, walk: Walk): Preview[] {
  const items: Preview[] = [];
  for (const value of values) {
    if (items.length >= walk.limits.items || walk.left <= 0) {
      items.push({ $cut: `${size - items.length} more items` });
      break;
    }
    items.push(one(value));
  }
  return items;
}

function picturedBytes(name: string, bytes: Uint8Array): Preview {
  const shown = Buffer.from(bytes.subarray(0, SHOWN_BYTES)).toString('base64');
  return { $bytes: shown, $class: name, ...(bytes.length > SHOWN_BYTES ? { $cut: `${bytes.length - SHOWN_BYTES} more bytes` } : {}) };
}

/** Name of the class without running a getter of it. */
function classOf(value: object): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || typeof prototype !== 'object' || types.isProxy(prototype)) return 'Object';
  const constructor: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  return (typeof constructor === 'function' && !types.isProxy(constructor) && nameOf(constructor)) || 'Object';
}

function nameOf(fn: object): string {
  const name: unknown = Object.getOwnPropertyDescriptor(fn, 'name')?.value;
  return typeof name === 'string' ? name : '';
}

/** `__proto__` as a key must become a field, not a prototype. */
function define(fields: Fields, key: string, value: Preview): void {
  Object.defineProperty(fields, key, { value, enumerable: true, configurable: true, writable: true });
}

function cutText(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit)}… (${text.length - limit} more characters)`;
}

/** A method or getter of a prototype as a function of its object. */
function detached(prototype: object, name: string): unknown {
  const descriptor = Object.getOwnPropertyDescriptor(prototype, name) ?? {};
  const method: unknown = Reflect.get(descriptor, 'get') ?? Reflect.get(descriptor, 'value');
  return Function.prototype.call.bind(method as () => unknown);
}
