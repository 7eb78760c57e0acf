import type { Exchange } from './exchanges.js';

/**
 * The replayed exchanges in the recorded order as far as nobody chose another one: what is asked of a database at once goes out as the connections of its pool become ready, now in this
 * order and now in that. Those that were all under way when the last of them began may change places.
 * @param same whether a recorded and a replayed exchange ask the same
 */
export function inRecordedOrder(then: readonly Exchange[], now: readonly Exchange[], same: (recorded: Exchange, replayed: Exchange) => boolean): readonly Exchange[] {
  const ordered = [...now];
  for (const [index, event] of then.entries()) {
    const other = ordered[index];
    if (!other || !isPooled(event) || !isPooled(other) || same(event, other)) continue;
    const found = ordered.findIndex((one, at) => at > index && isPooled(one) && same(event, one));
    const [moved] = found < 0 ? [] : ordered.slice(found, found + 1);
    if (moved !== undefined && ordered.slice(index, found).every((one) => underWay(one, moved.at))) ordered.splice(index, 0, ...ordered.splice(found, 1));
  }
  return ordered;
}

function isPooled({ kind }: Exchange): boolean {
  return kind === 'mongodb' || kind === 'sql';
}

function underWay(exchange: Exchange, when: number | undefined): boolean {
  const { at, ms } = exchange;
  return isPooled(exchange) && at !== undefined && when !== undefined && (ms === undefined || at + ms > when);
}
