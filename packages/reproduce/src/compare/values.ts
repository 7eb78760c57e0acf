import { sameMessage } from './message.js';

/**
 * When a recorded and a replayed value count as the same. Equal, or both are times taken from the running clock: the replay's clock shows the
 * recorded time, but not to the millisecond. Where the recording has a pseudonym, the application may have had the secret itself.
 */
export interface Windows {
  /** Milliseconds since 1970 in which the recorded and the replayed request ran. */
  readonly recorded: readonly [from: number, to: number];
  readonly replayed: readonly [from: number, to: number];
}

/** Clocks are read a little before and after the window that the request's own times span. */
const MARGIN_MS = 2_000;
/** ISO times, and seconds or milliseconds since 1970, within a text. */
const TIMES = /\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d(?::?\d\d)?)?|(?<![\d.])\d{10}(?:\d{3})?(?:\.\d+)?(?!\d)/g;

export function sameText(recorded: string, replayed: string, windows: Windows): boolean {
  if (recorded === replayed) return true;
  const [then, now] = [recorded.match(TIMES) ?? [], replayed.match(TIMES) ?? []];
  // Only what was read from the clock is taken out: any other number has to be the same.
  const read = then.map((text, index) => text !== now[index] && wasRead(text, now[index] ?? '', windows));
  return sameMessage(without(recorded, read), without(replayed, read));
}

function wasRead(recorded: string, replayed: string, windows: Windows): boolean {
  const [then, now] = [timeOf(recorded), timeOf(replayed)];
  return then !== null && now !== null && within(then, windows.recorded) && (within(now, windows.replayed) || within(now, windows.recorded));
}

function without(text: string, read: readonly boolean[]): string {
  let index = 0;
  return text.replaceAll(TIMES, (time) => (read[index++] ? '\0' : time));
}

/** Structural equality of JSON-like values with `sameText` at the leaves. */
export function sameValue(recorded: unknown, replayed: unknown, windows: Windows): boolean {
  if (typeof recorded === 'string' && typeof replayed === 'string') return sameText(recorded, replayed, windows);
  if (typeof recorded === 'number' && typeof replayed === 'number') return sameText(String(recorded), String(replayed), windows);
  if (recorded === null || replayed === null || typeof recorded !== 'object' || typeof replayed !== 'object') return Object.is(recorded, replayed);
  if (Array.isArray(recorded) !== Array.isArray(replayed)) return false;
  const before = Object.entries(recorded);
  if (before.length !== Object.keys(replayed).length) return false;
  const after = new Map<string, unknown>(Object.entries(replayed));
  return before.every(([key, value]) => after.has(key) && sameValue(value, after.get(key), windows));
}

function timeOf(text: string): number | null {
  if (text.includes('-')) {
    const time = Date.parse(text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00'));
    return Number.isNaN(time) ? null : time;
  }
  const value = Number(text);
  return text === '' || Number.isNaN(value) ? null : value < 1e11 ? value * 1000 : value;
}

function within(time: number, [from, to]: readonly [number, number]): boolean {
  return time >= from - MARGIN_MS && time <= to + MARGIN_MS;
}
