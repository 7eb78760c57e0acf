import type { IoEvent } from '@deja/format';
import type { Exchange } from '../plan.js';

/** The part of a plan's exchange that is the same for every protocol. `epoch`: milliseconds since 1970 to which the event's times refer. */
export function exchangeOf(event: IoEvent, epoch: number | undefined): Exchange {
  return {
    seq: event.seq,
    repeat: event.scope !== undefined && event.scope.in !== 'request',
    ...(event.at === undefined || epoch === undefined ? {} : { time: epoch + event.at }),
    ...(event.ms === undefined ? {} : { ms: event.ms }),
    ...(event.done === undefined ? {} : { done: event.done }),
  };
}
