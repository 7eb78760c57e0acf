import type { Ledger, Taken } from '../ledger.js';
import type { HttpExchange } from '../plan.js';
import type { StubRuntime } from '../runtime.js';
import type { Asking } from './asking.js';
import { differentHeaders } from './compare-headers.js';
import { differentDigest } from './digests.js';
import { ripeAfter } from './early.js';
import { differentHead } from './match.js';
import type { HttpQuestion } from './question.js';

/** A request that nothing recorded is like is answered before it has ended if it takes longer than this to end. */
const MISS_AFTER_MS = 250;

/**
 * The exchange that a request asks for; null when the request broke off. Usually that is known when the request is there, but an answer that came before the request's
 * end has to be found by its beginning. `early`: whether there are such answers.
 */
export async function claim(asking: Asking, ledger: Ledger<HttpExchange, HttpQuestion>, early: boolean, runtime: StubRuntime): Promise<Taken<HttpExchange> | null> {
  if (!early) await asking.reached(Infinity);
  while (!asking.ended && !asking.lost) {
    const likely = ledger.peek((exchange) => begins(exchange, asking, runtime));
    if (!likely) {
      await Promise.race([asking.reached(Infinity), runtime.clock.sleep(MISS_AFTER_MS, runtime.stopped)]);
      break;
    }
    const ripe = ripeAfter(likely);
    if (ripe !== null && asking.size >= ripe) return { exchange: ledger.give(likely) };
    await asking.reached(ripe ?? Infinity);
  }
  return asking.lost ? null : ledger.take(asking.question());
}

/** Whether a request that is still arriving may be this one. */
function begins(exchange: HttpExchange, asking: Asking, runtime: StubRuntime): boolean {
  if (differentHead(exchange, asking) || differentHeaders(exchange, asking.headers)) return false;
  // What will not be there to compare is told apart by what the heads say of it.
  if (exchange.body?.truncated && differentDigest(exchange.headers, asking.headers)) return false;
  const ripe = ripeAfter(exchange);
  // What is compared by its meaning is compared when it is whole.
  if (ripe === null) return true;
  const recorded = runtime.bytes(exchange.body);
  const shared = Math.min(recorded.length, asking.size);
  return recorded.subarray(0, shared).equals(asking.body().subarray(0, shared));
}
