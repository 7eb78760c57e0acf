import type { HttpResponse } from '@deja/format';
import type { HttpExchange } from '../plan.js';

/** What is known of the answer of an exchange, whole or not. */
export function answerOf({ outcome }: Pick<HttpExchange, 'outcome'>): Partial<HttpResponse> {
  if ('ok' in outcome) return outcome.ok;
  return ('error' in outcome ? outcome.partial : outcome.pending.partial) ?? {};
}

/**
 * How many bytes of the request have to be there before anything of the recorded answer came. Null: all of them, the answer came after the request;
 * so it is with nearly every exchange.
 */
export function ripeAfter(exchange: HttpExchange): number | null {
  const { informational, early } = answerOf(exchange);
  const after = [...(informational ?? []).map((one) => one.after), early?.head, early?.end].filter((one) => one !== undefined);
  return after.length === 0 ? null : Math.min(...after);
}
