import { PSEUDONYM } from '@deja/format';
import type { Exchange } from '../plan.js';
import { sameValue } from '../same-value.js';
import { correlated } from './numbers.js';

/** What came of comparing bytes that arrived with recorded ones. */
export type Unified =
  /** The recorded bytes are there, in so many of those that arrived. */
  | { readonly kind: 'same'; readonly length: number; readonly numbers?: ReadonlyMap<number, number> }
  /** So far nothing is different; more has to come. */
  | { readonly kind: 'more' }
  | { readonly kind: 'different'; readonly at: number; readonly recorded: Buffer; readonly arrived: Buffer };

/** Dates of mails, ISO times, seconds and milliseconds since 1970. */
const TIMES = /(?:[A-Z][a-z]{2}, )?\d\d? [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d (?:GMT|[+-]\d{4})|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d(?::?\d\d)?)?|(?<![\d.])\d{13}(?!\d)|(?<![\d.])\d{10}(?![\d.])/;
const FREE = new RegExp(`${TIMES.source}|${PSEUDONYM.source}`, 'gi');
/** How many different bytes are shown. */
const SHOWN = 40;
/** A secret of the application's own may have another length than its pseudonym, but it has no blanks and no quotes in it. */
const END_OF_SECRET = /[^!#-&(-;=?-~]/;

/**
 * Compares bytes of a protocol that nobody knows. Times that were read from the recorded clock, and pseudonyms, stand for what the application sends
 * in their place; every other byte has to be the same.
 */
export function unify(recorded: Buffer, arrived: Buffer, exchange: Pick<Exchange, 'time' | 'repeat'>): Unified {
  const known = correlated(recorded, arrived);
  if (!known) return compare(recorded, arrived, exchange);
  const result = compare(recorded, known.bytes, exchange);
  return result.kind === 'same' ? { ...result, numbers: known.numbers } : result;
}

function compare(recorded: Buffer, arrived: Buffer, exchange: Pick<Exchange, 'time' | 'repeat'>): Unified {
  if (arrived.length >= recorded.length && arrived.subarray(0, recorded.length).equals(recorded)) return { kind: 'same', length: recorded.length };
  const [text, told] = [recorded.toString('latin1'), arrived.toString('latin1')];
  let [then, now] = [0, 0];
  for (const { at, value } of freeParts(text)) {
    const fixed = sameUntil(text, then, at, told, now);
    if (fixed !== null) return ended(recorded, arrived, fixed, now + (fixed - then));
    now += at - then;
    then = at + value.length;
    const stands = told.startsWith(value, now) ? value.length : standsFor(value, text.charAt(then), told, now, exchange);
    if (stands === null) return ended(recorded, arrived, at, now, value.length);
    now += stands;
  }
  const fixed = sameUntil(text, then, text.length, told, now);
  return fixed === null ? { kind: 'same', length: now + text.length - then } : ended(recorded, arrived, fixed, now + (fixed - then));
}

function* freeParts(text: string): Generator<{ readonly at: number; readonly value: string }> {
  for (const match of text.matchAll(FREE)) yield { at: match.index, value: match[0] };
}

/** Where, in the recorded text, the two are different for the first time; null when they are not before `to`. */
function sameUntil(text: string, from: number, to: number, told: string, now: number): number | null {
  for (let at = from; at < to; at += 1) if (text.charCodeAt(at) !== told.charCodeAt(now + at - from)) return at;
  return null;
}

/** How many characters stand in the value's place, or null. `next`: the recorded character after it. */
function standsFor(value: string, next: string, told: string, now: number, exchange: Pick<Exchange, 'time' | 'repeat'>): number | null {
  const same = told.slice(now, now + value.length);
  if (same.length === value.length && sameValue(inIso(value), inIso(same), exchange)) return value.length;
  if (!PSEUDONYM.test(value)) return null;
  const rest = told.slice(now);
  const ends = [rest.search(END_OF_SECRET), next === '' ? rest.length : rest.indexOf(next)].filter((end) => end > 0);
  return ends.length > 0 ? Math.min(...ends) : null;
}

function inIso(text: string): string {
  if (!/^[A-Z\d].*[A-Z][a-z]{2} \d{4} /.test(text)) return text;
  const time = Date.parse(text);
  return Number.isNaN(time) ? text : new Date(time).toISOString();
}

/** `free`: how long what is different is in the recording, where it is not compared byte by byte. */
function ended(recorded: Buffer, arrived: Buffer, then: number, now: number, free = 1): Unified {
  if (now + free > arrived.length) return { kind: 'more' };
  return { kind: 'different', at: now, recorded: recorded.subarray(then, then + SHOWN), arrived: arrived.subarray(now, now + SHOWN) };
}
