/**
 * When a recorded and a replayed value count as the same. Equal, or both are times taken from the running clock: the replay's clock shows the
 * recorded time, but not to the millisecond.
 */
export interface Windows {
  /** Milliseconds since 1970 in which the recorded and the replayed request ran. */
  readonly recorded: readonly [from: number, to: number];
  readonly replayed: readonly [from: number, to: number];
}

/** Clocks are read a little before and after the window that the request's own times span. */
const MARGIN_MS = 2_000;
const ISO_TIME = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d(:?\d\d)?)?$/;
const EPOCH_TIME = /^\d{10}(\d{3})?(\.\d+)?$/;

export function sameText(recorded: string, replayed: string, windows: Windows): boolean {
  if (recorded === replayed) return true;
  const then = timeOf(recorded);
  const now = timeOf(replayed);
  return then !== null && now !== null && within(then, windows.recorded) && (within(now, windows.replayed) || within(now, windows.recorded));
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
  if (ISO_TIME.test(text)) {
    const time = Date.parse(text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00'));
    return Number.isNaN(time) ? null : time;
  }
  if (!EPOCH_TIME.test(text)) return null;
  const value = Number(text);
  return value < 1e11 ? value * 1000 : value;
}

function within(time: number, [from, to]: readonly [number, number]): boolean {
  return time >= from - MARGIN_MS && time <= to + MARGIN_MS;
}
