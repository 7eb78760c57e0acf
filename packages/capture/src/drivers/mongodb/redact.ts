import { normalised, soundsSecret } from '../../redact/policy.js';
import { redactBytes } from '../shared/redact-bytes.js';
import type { Redact } from './documents.js';

/** What the protocol itself says, wherever it stands. */
const PROTOCOL = new Set(['ns', 'codeName', 'errorLabels', 'hosts', 'me', 'primary', 'setName']);
const LARGEST_INT = 2 ** 31;

/** Types whose value is a number as text, and which numbers they can hold: below. */
const NUMBERS: ReadonlyMap<string, number> = new Map([['$numberInt', LARGEST_INT], ['$numberLong', Number.MAX_SAFE_INTEGER], ['$numberDouble', Number.MAX_SAFE_INTEGER], ['$numberDecimal', Number.MAX_SAFE_INTEGER]]);

/** A document in canonical Extended JSON without what its field names say is secret; it stays one, with the same types. */
export function withoutSecrets(value: unknown, redact: Redact): unknown {
  return clean(value, []);

  function clean(one: unknown, names: readonly string[]): unknown {
    if (typeof one === 'string') return leaf(one, names);
    if (typeof one !== 'object' || one === null) return one;
    if (Array.isArray(one)) return one.map((item) => clean(item, names));
    const [first] = Object.keys(one);
    if (first?.startsWith('$')) {
      const typed = ofType(first, one as Readonly<Record<string, unknown>>, names);
      if (typed !== undefined) return typed;
    }
    return Object.fromEntries(Object.entries(one).map(([name, item]) => [name, clean(item, name.startsWith('$') ? names : [...names, name])]));
  }

  /** Of a value with a type; undefined where it is an operator, which also begins with `$`. */
  function ofType(type: string, value: Readonly<Record<string, unknown>>, names: readonly string[]): unknown {
    const inner = value[type];
    const bound = NUMBERS.get(type);
    if (bound !== undefined && typeof inner === 'string') {
      const digits = /^-?\d{2,15}$/.test(inner) ? leaf(inner, names) : inner;
      return { [type]: digits === inner || !/^-?\d+$/.test(digits) ? inner : String(Number(digits) % bound) };
    }
    if (type === '$binary' && typeof inner === 'object' && inner !== null && 'base64' in inner && typeof inner.base64 === 'string') {
      return { $binary: { ...inner, base64: redactBytes(names.at(-1) ?? '', inner.base64, redact) } };
    }
    return type === '$oid' || type === '$date' || type === '$timestamp' || type === '$uuid' ? value : undefined;
  }

  /** The names around a value count as far as they are secrets' names themselves. Those of the command's own parts say nothing. */
  function leaf(text: string, names: readonly string[]): string {
    const name = names.at(-1);
    if (name === undefined || names.length < 2 || PROTOCOL.has(name)) return text;
    const redacted = redact(name, text);
    const outer = names.slice(0, -1).find((one) => soundsSecret(normalised(one)));
    return redacted === text && outer !== undefined ? redact(outer, text) : redacted;
  }
}
