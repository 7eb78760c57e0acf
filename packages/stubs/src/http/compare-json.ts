import { type Compared, sameValue } from '../same-value.js';

/** A number keeps its text: `JSON.parse` would make different large numbers equal. */
class JsonNumber {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }
}

type Parsed = { readonly value: unknown } | null;

/** The first difference of two JSON texts, structurally: `body at $.amount: 10 instead of 12`. Undefined: one of them is not JSON. */
export function differentJson(recorded: string, asked: string, exchange: Compared): string | null | undefined {
  const [before, now] = [parse(recorded), parse(asked)];
  return before && now ? different(before.value, now.value, '$', (was, is) => sameValue(was, is, exchange)) : undefined;
}

function parse(text: string): Parsed {
  try {
    return { value: JSON.parse(text, keepNumber as (key: string, value: unknown) => unknown) };
  } catch {
    return null;
  }
}

function keepNumber(_key: string, value: unknown, context: { readonly source?: string }): unknown {
  return typeof value === 'number' ? new JsonNumber(context.source ?? String(value)) : value;
}

type Same = (recorded: string, asked: string) => boolean;

function different(before: unknown, now: unknown, path: string, same: Same): string | null {
  if (before instanceof JsonNumber && now instanceof JsonNumber) return sameNumber(before.source, now.source) || same(before.source, now.source) ? null : unlike(before, now, path);
  if (Array.isArray(before) && Array.isArray(now)) {
    if (before.length !== now.length) return `body at ${path}: ${now.length} instead of ${before.length} items`;
    return firstOf(before.map((item, index) => () => different(item, now[index], `${path}[${index}]`, same)));
  }
  if (isObject(before) && isObject(now)) {
    const missing = Object.keys(before).find((key) => !Object.hasOwn(now, key));
    if (missing !== undefined) return `body at ${path}.${missing}: missing`;
    const added = Object.keys(now).find((key) => !Object.hasOwn(before, key));
    if (added !== undefined) return `body at ${path}.${added}: was not sent`;
    return firstOf(Object.keys(before).map((key) => () => different(before[key], now[key], `${path}.${key}`, same)));
  }
  const equal = typeof before === 'string' && typeof now === 'string' ? same(before, now) : before === now;
  return equal ? null : unlike(before, now, path);
}

function firstOf(checks: readonly (() => string | null)[]): string | null {
  for (const check of checks) {
    const difference = check();
    if (difference) return difference;
  }
  return null;
}

function unlike(before: unknown, now: unknown, path: string): string {
  return `body at ${path}: ${show(now)} instead of ${show(before)}`;
}

function show(value: unknown): string {
  if (value instanceof JsonNumber) return value.source;
  const text = Array.isArray(value) ? 'an array' : isObject(value) ? 'an object' : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !(value instanceof JsonNumber) && !Array.isArray(value);
}

/** `1.0` is `1`; beyond what a double holds exactly, only the text decides. */
function sameNumber(before: string, now: string): boolean {
  return before === now || (Number(before) === Number(now) && before.length < 16 && now.length < 16);
}
