import { describe, expect, it } from 'vitest';
import type { Context, IoEvent } from '@deja/format';
import { controlCandidates } from './candidates.js';

const request = { in: 'request', request: 0 } as const;
const ok: IoEvent = { seq: 1, kind: 'redis', scope: request, server: 'cache', session: 1, command: ['GET', 'a'], outcome: { ok: { null: true } } };
const answered503: IoEvent = { seq: 2, kind: 'http', scope: request, method: 'POST', url: 'https://pay.example/charge', headers: [], outcome: { ok: { status: 503, headers: [] } } };
const begin: IoEvent = { seq: 3, kind: 'sql', scope: request, database: 'main', session: 1, text: 'BEGIN', outcome: { ok: { command: 'BEGIN', rowCount: null, fields: [], rows: [] } } };
const timedOut: IoEvent = { seq: 4, kind: 'redis', scope: request, server: 'cache', session: 1, command: ['GET', 'b'], outcome: { error: { message: 'Command timed out' } } };
const background: IoEvent = { ...timedOut, seq: 5, scope: { in: 'background' } };
const drawn: IoEvent = { seq: 6, kind: 'random', scope: request, source: 'Math.random', outcome: { ok: { value: '0.5' } } };
const after: IoEvent = { ...timedOut, seq: 7 };
const context = { requests: [{ trigger: { kind: 'http' } }] } as unknown as Context;

describe('controlCandidates', () => {
  it('begins with what went wrong, ends with the input, and leaves out what cannot matter', () => {
    const candidates = controlCandidates({
      timeline: [ok, answered503, begin, timedOut, background, drawn, after],
      failure: { origin: 'framework', fatal: false, afterSeq: 6 },
      context,
    } as unknown as Parameters<typeof controlCandidates>[0]);
    expect(candidates.map((candidate) => ('event' in candidate ? candidate.event.seq : candidate.kind))).toEqual([4, 2, 1, 'random', 'input']);
    expect(candidates[1]?.removed).toBe('event 2 (POST https://pay.example/charge → 503)');
  });
});
