import type { Failure, RefusedMessage } from '@deja/format';

/** A failure when it was noticed: the error by reference, its place in the order of things. */
export interface NotedFailure {
  readonly origin: Failure['origin'];
  /** Absent: the failed response is all there is. */
  readonly thrown?: { readonly value: unknown };
  readonly refused?: RefusedMessage;
  readonly at: number;
  /** Order of the last event that had begun. */
  readonly afterOrder: number;
}
