import type { IoEvent } from '@deja/format';

/** `12 sql, 3 http, 1 redis`, most frequent first. */
export function countsByKind(events: readonly IoEvent[]): string {
  const counts = new Map<string, number>();
  for (const { kind } of events) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts]
    .toSorted((a, b) => b[1] - a[1])
    .map(([kind, count]) => `${count} ${kind}`)
    .join(', ');
}
