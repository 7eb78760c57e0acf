import { PSEUDONYM } from '@deja/format';
import { inRecordedTerms, type OpenValues } from './generated/stand-ins.js';
import type { Exchange } from './plan.js';

/** What of an exchange says which of its values may be others. */
export type Compared = Pick<Exchange, 'time' | 'repeat'> & { readonly open?: OpenValues };

/** ISO times, and seconds or milliseconds since 1970. */
const TIMES = /\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d(?::?\d\d)?)?|(?<![\d.])\d{13}(?!\d)|(?<![\d.])\d{10}(?![\d.])/g;
/** Values so close to the time of their exchange were read from the clock. */
const READ_FROM_CLOCK_MS = 5_000;
/** The replayed clock shows the recorded time, but not to the millisecond: the application may be faster or slower. */
const DRIFT_MS = 10_000;

/**
 * Whether two values are the same as far as can be known.
 * A recorded secret is a pseudonym; the application was given the same pseudonym and sends it. Where it has the secret
 * itself, from a file of its own, the two cannot be compared.
 * A recorded value that the application generated may be another one now; what stands for what is noted in `open`.
 * A recorded time that was just then on the clock was read from it; the clock of the replay shows another one, a little later.
 */
export function sameValue(recorded: string, asked: string, exchange: Compared): boolean {
  if (recorded === asked) return true;
  if (PSEUDONYM.test(recorded) && !PSEUDONYM.test(asked)) return true;
  const told = exchange.open ? inRecordedTerms(recorded, asked, exchange.open) : asked;
  return told === recorded || (exchange.time !== undefined && sameButForClock(recorded, told, exchange.time, exchange.repeat));
}

/** What the application does at its start it does at another time altogether: there, any time stands for another. */
function sameButForClock(recorded: string, asked: string, began: number, anyTime: boolean): boolean {
  const [before, now] = [recorded.match(TIMES) ?? [], asked.match(TIMES) ?? []];
  if (before.length === 0 || before.length !== now.length || recorded.replaceAll(TIMES, '\0') !== asked.replaceAll(TIMES, '\0')) return false;
  return before.every((text, index) => {
    const other = now[index] ?? '';
    if (text === other) return true;
    const [then, later] = [milliseconds(text), milliseconds(other)];
    return shape(text) === shape(other) && Math.abs(then - began) <= READ_FROM_CLOCK_MS && (anyTime || Math.abs(later - then) <= DRIFT_MS);
  });
}

function milliseconds(text: string): number {
  if (/^\d+$/.test(text)) return Number(text) * (text.length === 10 ? 1000 : 1);
  const iso = text.replace(' ', 'T');
  // Without a zone, both sides are read in the same one.
  return Date.parse(/[+-]\d\d$/.test(iso) ? `${iso}:00` : iso);
}

/** The way of writing, whatever the digits; fractions lose their trailing zeros in some. */
function shape(text: string): string {
  return text.replace(/\.\d+/, '.').replaceAll(/\d/g, '0');
}
