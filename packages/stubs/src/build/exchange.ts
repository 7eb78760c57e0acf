import type { IoEvent } from '@deja/format';
import type { Exchange } from '../plan.js';

/** The part of a plan's exchange that is the same for every protocol. */
export function exchangeOf(event: IoEvent): Exchange {
  return {
    seq: event.seq,
    repeat: event.scope !== undefined && event.scope.in !== 'request',
    ...(event.ms === undefined ? {} : { ms: event.ms }),
    ...(event.done === undefined ? {} : { done: event.done }),
  };
}
