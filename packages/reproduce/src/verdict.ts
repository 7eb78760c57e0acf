/** How a reproduction ended. */
export type Verdict = 'reproduced' | 'not-reproduced' | 'diverged' | 'flaky' | 'inconclusive';

/** One verdict over several runs: agreement, or `flaky` as soon as some reproduced and some did not. */
export function overallVerdict(runs: readonly Verdict[]): Verdict {
  const kinds = new Set(runs);
  const [only] = kinds;
  if (only !== undefined && kinds.size === 1) return only;
  if (kinds.has('reproduced')) return 'flaky';
  return kinds.has('diverged') ? 'diverged' : 'inconclusive';
}
