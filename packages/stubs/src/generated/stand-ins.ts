import { replaceWords, sameShape, wordsOf } from './shape.js';

/** Recorded values and the replayed ones that stand for them. */
export type Pairs = ReadonlyMap<string, string>;

/** Which recorded values may be others in a replay, and which have been. */
export interface OpenValues {
  /** Generated values of the recording for which nothing stands yet. */
  readonly values: ReadonlySet<string>;
  /** Whether a value was observed, so that it can stand for no other. */
  readonly isKnown: (value: string) => boolean;
  /** What was found to stand for what, in the texts that were compared with these. */
  readonly pairs: Map<string, string>;
}

/** `asked` with recorded values in the place of those that may stand for them; unchanged where the two texts have other words. */
export function inRecordedTerms(recorded: string, asked: string, open: OpenValues): string {
  const before = wordsOf(recorded);
  const now = wordsOf(asked);
  if (before.length !== now.length) return asked;
  const fits = now.map((word, index) => word !== before[index] && mayStandFor(before[index] ?? '', word, open));
  if (!fits.some(Boolean)) return asked;
  return replaceWords(asked, (word, index) => (fits[index] ? (before[index] ?? word) : word));
}

/** Notes the pair where it is one. Each stands for one, and one for each. */
function mayStandFor(recorded: string, asked: string, { values, isKnown, pairs }: OpenValues): boolean {
  if (!values.has(recorded)) return false;
  const already = pairs.get(recorded);
  if (already !== undefined) return already === asked;
  if (!sameShape(recorded, asked) || isKnown(asked) || [...pairs.values()].includes(asked)) return false;
  pairs.set(recorded, asked);
  return true;
}

/** A value of JSON with the values that stand for recorded ones in their place. */
export function withPairs<T>(value: T, pairs: Pairs): T {
  return pairs.size === 0 ? value : (mapped(value, (text) => replaceWords(text, (word) => pairs.get(word) ?? word)) as T);
}

function mapped(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((item) => mapped(item, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [change(name), mapped(inner, change)]));
}
