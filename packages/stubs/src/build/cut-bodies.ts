import type { Body, HttpEvent } from '@deja/format';
import { isAwsChunked } from '../http/aws-chunked.js';
import { digestsOf } from '../http/digests.js';
import { answerOf } from '../http/early.js';

const MIB = 1024 * 1024;

/** What follows from bodies of which capture kept only the beginning, in words, with the setting that keeps them whole. */
export function cutBodyLimits(events: readonly HttpEvent[]): readonly string[] {
  const limits: string[] = [];
  const sizes: number[] = [];
  for (const event of events) {
    const [sent, received] = [event.body, answerOf(event).body];
    if (sent?.truncated) {
      const digests = [...digestsOf(isAwsChunked(event.headers) ? (answerOf(event).headers ?? []) : event.headers).keys()];
      const rest = digests.length === 0 ? 'of the rest only the length is compared' : `the rest is compared by its digest (${digests.join(', ')})`;
      limits.push(`event ${event.seq}: of the ${wholeSize(sent)} bytes that were sent the first ${keptSize(sent)} were kept; ${rest}`);
    }
    if (received?.truncated && 'ok' in event.outcome) {
      limits.push(`event ${event.seq}: of the ${wholeSize(received)} bytes that were received the first ${keptSize(received)} were kept; the connection ends after them`);
    }
    sizes.push(...[sent, received].flatMap((body) => (body?.truncated ? [wholeSize(body)] : [])));
  }
  if (sizes.length === 0) return [];
  const [body, request] = [Math.max(...sizes), sizes.reduce((sum, size) => sum + size, 4 * MIB)].map((size) => Math.ceil(size / MIB) * MIB);
  return [...limits, `bodies are kept whole where the service runs with DEJA_LIMITS=body=${body},request=${request}`];
}

function wholeSize(body: Body): number {
  return keptSize(body) + (body.truncated ?? 0);
}

function keptSize(body: Body): number {
  if ('text' in body) return Buffer.byteLength(body.text);
  return 'base64' in body ? Buffer.from(body.base64, 'base64').length : body.size;
}
