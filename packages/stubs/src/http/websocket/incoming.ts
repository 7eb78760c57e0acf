import type { Body, WebSocketMessage } from '@deja/format';
import type { AssembledMessage } from '@deja/wire/websocket';
import type { Exchange } from '../../plan.js';
import { sameValue } from '../../same-value.js';
import { differentJson } from '../compare-json.js';

/** How a client's message differs from the recorded one, or null. */
export function differentMessage(recorded: WebSocketMessage, asked: AssembledMessage, bytes: (body: Body | undefined) => Buffer, exchange: Pick<Exchange, 'time' | 'repeat'>): string | null {
  if (recorded.type !== asked.type) return `${asked.type} instead of ${recorded.type}`;
  if (recorded.type === 'close') {
    const [then, now] = [`${recorded.code ?? 'no code'} ${recorded.reason ?? ''}`.trim(), `${asked.code ?? 'no code'} ${asked.data.toString()}`.trim()];
    return then === now ? null : `closed with ${now} instead of ${then}`;
  }
  const before = bytes(recorded.body);
  if (before.equals(asked.data)) return null;
  if (recorded.type === 'text') {
    const [then, now] = [before.toString(), asked.data.toString()];
    const difference = differentJson(then, now, exchange);
    if (difference !== undefined) return difference === null ? null : difference.replace(/^body/, 'message');
    if (sameValue(then, now, exchange)) return null;
    return `${excerpt(now)} instead of ${excerpt(then)}`;
  }
  return `${asked.data.length} other bytes instead of ${before.length}`;
}

function excerpt(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
