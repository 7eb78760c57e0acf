import type { RedisReply } from '@deja/format';
import type { RespValue } from '@deja/wire';
import { type Fate, fateOf } from '../fate.js';
import type { RedisExchange } from '../plan.js';
import { errorReply, strayByte } from './error-reply.js';

/** How long after its recorded end a time-out is taken to have struck, for replies that were queued behind it. */
const GIVE_UP_MARGIN_MS = 50;

/** What goes out for a command, and how many recorded milliseconds after it came. */
export type Answer =
  /** Usually one; a command may be confirmed in several. */
  | { readonly kind: 'reply'; readonly replies: readonly RespValue[]; readonly exchange?: RedisExchange; readonly after: number }
  /** What the real server with the keys of the fixture says: bytes. */
  | { readonly kind: 'pass'; readonly reply: Promise<Buffer>; readonly exchange?: undefined; readonly after: 0 }
  | { readonly kind: 'hold'; readonly exchange: RedisExchange; readonly after: number }
  /** Something that is no protocol. */
  | { readonly kind: 'garble'; readonly bytes: string; readonly exchange: RedisExchange; readonly after: number }
  | { readonly kind: 'break'; readonly how: Exclude<Fate, 'hold'>; readonly exchange: RedisExchange; readonly after: number };

/** What was recorded. */
export function toAnswer(exchange: RedisExchange): Answer {
  const { outcome } = exchange;
  const after = exchange.ms ?? 0;
  if ('ok' in outcome) return { kind: 'reply', replies: [outcome.ok satisfies RedisReply], exchange, after };
  if ('pending' in outcome) return { kind: 'hold', exchange, after: Number.POSITIVE_INFINITY };
  const reply = errorReply(outcome.error);
  if (reply) return { kind: 'reply', replies: [reply], exchange, after };
  const stray = strayByte(outcome.error);
  if (stray !== null) return { kind: 'garble', bytes: `${stray}\r\n`, exchange, after };
  const fate = fateOf(outcome.error);
  return fate === 'hold' ? { kind: 'hold', exchange, after: after + GIVE_UP_MARGIN_MS } : { kind: 'break', how: fate, exchange, after };
}

/** An answer of the stub's own, at once. */
export function ownAnswer(...replies: readonly RespValue[]): Answer {
  return { kind: 'reply', replies, after: 0 };
}
