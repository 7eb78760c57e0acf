import type { IoEvent } from '@deja/format';
import { scopeText } from './event-line.js';

/** Events that a list shows as one line: draws of the same randomness by the same request, one after the other. */
export interface Fold {
  readonly first: IoEvent;
  readonly last: IoEvent;
  readonly count: number;
}

/** A route that draws sixty numbers would bury its three statements. */
export function foldRandom(events: readonly IoEvent[]): readonly Fold[] {
  const folds: Fold[] = [];
  for (const event of events) {
    const previous = folds.at(-1);
    if (previous && belongs(previous.last, event)) folds[folds.length - 1] = { ...previous, last: event, count: previous.count + 1 };
    else folds.push({ first: event, last: event, count: 1 });
  }
  return folds;
}

function belongs(before: IoEvent, event: IoEvent): boolean {
  return before.kind === 'random' && event.kind === 'random' && before.source === event.source && scopeText(before.scope) === scopeText(event.scope);
}
