import type { RedisReply } from '@deja/format';
import type { RedisExchange } from '../plan.js';

/**
 * A MULTI that is open on a connection. Clients record its commands in two ways: with the `QUEUED` that went over the
 * wire, or with the result that EXEC gave for them. Both are served.
 */
export interface Transaction {
  readonly queued: readonly RedisExchange[];
  /** A command in it was not in the recording: EXEC aborts, as it does in Redis after a command that was refused. */
  readonly broken: boolean;
}

export const ABORTED: RedisReply = { error: 'EXECABORT Transaction discarded because of previous errors.' };

/** What goes over the wire for a command inside MULTI. */
export function queuedReply(exchange: RedisExchange): RedisReply {
  const { outcome } = exchange;
  // A command that Redis refuses to queue is refused at once, and EXEC then aborts.
  if ('ok' in outcome && 'error' in outcome.ok && /^(?:ERR (?:unknown command|wrong number)|NOPERM|EXECABORT)/.test(outcome.ok.error)) return outcome.ok;
  return { simple: 'QUEUED' };
}

/** What EXEC answers when its own exchange was not recorded but its commands' results were. Null: they were not. */
export function execReply(transaction: Transaction): RedisReply | null {
  const replies: RedisReply[] = [];
  for (const { outcome } of transaction.queued) {
    if (!('ok' in outcome) || ('simple' in outcome.ok && outcome.ok.simple === 'QUEUED')) return null;
    replies.push(outcome.ok);
  }
  return { array: replies };
}
