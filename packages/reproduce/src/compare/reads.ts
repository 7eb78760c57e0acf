import type { Exchange } from './exchanges.js';

type Read = Extract<Exchange, { kind: 'file' }>;

/** A look at a file, which changes nothing. */
export function isRead(event: Exchange): event is Read {
  return event.kind === 'file' && event.operation !== 'write';
}

/**
 * The replayed reading for each recorded one that has any. They come in any order, beside what else is asked, and there may be more of them: services keep what they have
 * read (configuration, credentials, certificates), and the recorded process had read it for an earlier request.
 */
export function readsLike(then: readonly Exchange[], now: readonly Exchange[]): readonly Exchange[] {
  const left = Map.groupBy(now.filter(isRead), keyOf);
  return then.filter(isRead).flatMap((event) => left.get(keyOf(event))?.shift() ?? []);
}

function keyOf({ operation, path }: Read): string {
  return `${operation} ${path}`;
}
