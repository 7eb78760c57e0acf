import type { SocketTalk } from '@deja/format';
import { fateOf } from '../fate.js';
import type { TcpExchange } from '../plan.js';
import type { StubRuntime } from '../runtime.js';

/** What happens on a connection, in order. Milliseconds from the beginning of the event. */
export type Step =
  /** All that the client said until something else happened. */
  | { readonly kind: 'hear'; readonly bytes: Buffer; readonly ms: number }
  | { readonly kind: 'say'; readonly bytes: Buffer; readonly ms: number }
  | { readonly kind: 'secure' }
  | { readonly kind: 'end'; readonly how: 'fin' | 'rst' | 'hold'; readonly ms: number };

export function talkOf({ outcome }: Pick<TcpExchange, 'outcome'>): Partial<SocketTalk> {
  return 'ok' in outcome ? outcome.ok : (('error' in outcome ? outcome.partial : outcome.pending.partial) ?? {});
}

export function stepsOf(exchange: TcpExchange, runtime: Pick<StubRuntime, 'bytes'>): readonly Step[] {
  const talk = talkOf(exchange);
  const end = endOf(exchange, talk);
  const steps: Step[] = [];
  for (const { from, ms, body } of talk.pieces ?? []) {
    // What the client said to a server that had ended nobody has heard.
    if (end?.kind === 'end' && end.how === 'fin' && ms > end.ms) break;
    const last = steps.at(-1);
    if (!body) steps.push({ kind: 'secure' });
    else if (from === 'server') steps.push({ kind: 'say', bytes: runtime.bytes(body), ms });
    else if (last?.kind === 'hear') steps[steps.length - 1] = { kind: 'hear', bytes: Buffer.concat([last.bytes, runtime.bytes(body)]), ms };
    else steps.push({ kind: 'hear', bytes: runtime.bytes(body), ms });
  }
  return end ? [...steps, end] : steps;
}

/** What the server did at the end. What the client did, it will do again. */
function endOf({ outcome, ms = 0 }: TcpExchange, { end, truncated }: Partial<SocketTalk>): Step | null {
  if (truncated) return { kind: 'end', how: 'rst', ms };
  if (end?.by === 'server') return { kind: 'end', how: end.how === 'fin' ? 'fin' : 'hold', ms: end.ms };
  if (!('error' in outcome)) return null;
  const { code, syscall } = outcome.error;
  // Any other error the client made itself.
  const byNetwork = code === 'ECONNRESET' || code === 'EPIPE' || syscall === 'read' || syscall === 'write';
  return { kind: 'end', how: byNetwork && fateOf(outcome.error) !== 'hold' ? 'rst' : 'hold', ms };
}
