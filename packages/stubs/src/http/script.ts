import type { HeaderList, HttpResponse } from '@deja/format';

/**
 * A body seen so soon after its head came with it in one piece; the time between was the application's own. In two pieces,
 * the application would see an answer that has begun where it has seen one that was over.
 */
export const TOGETHER_MS = 5;

/** `after`: bytes of the request that had been sent before; undefined: all. `ms`: since the exchange began, of pieces since the head. */
export type Step = { readonly ms: number; readonly after: number | undefined } & (
  | { readonly do: 'inform'; readonly status: number; readonly headers: HeaderList }
  | { readonly do: 'go away'; readonly code: number }
  | { readonly do: 'head'; readonly now: boolean; readonly bare: boolean }
  | { readonly do: 'piece'; readonly bytes: Buffer }
);

/** What a recorded answer did, in order. `ms`: the whole exchange. */
export function scriptOf(recorded: Partial<HttpResponse>, bytes: Buffer, ms: number | undefined): readonly Step[] {
  const pieces = cut(bytes, recorded.chunks);
  const headMs = recorded.ttfb ?? Math.max(0, (ms ?? 0) - (pieces.at(-1)?.ms ?? 0));
  const before: Step[] = (recorded.informational ?? []).map(({ status, headers, ms: at, after }) => ({ do: 'inform', status, headers, ms: at, after }));
  const [first] = pieces;
  const head: Step[] =
    recorded.status === undefined ? [] : [{ do: 'head', now: first === undefined || first.ms > TOGETHER_MS || first.after !== recorded.early?.head, bare: first === undefined, ms: headMs, after: recorded.early?.head }];
  const steps = [...before, ...head, ...pieces];
  const { goaway } = recorded;
  if (!goaway) return steps;
  const at = steps.findIndex((step) => (step.do === 'piece' ? headMs + step.ms : step.ms) > goaway.ms);
  return steps.toSpliced(at === -1 ? steps.length : at, 0, { do: 'go away', code: goaway.code, ms: goaway.ms, after: recorded.early?.end });
}

/** The body in its recorded pieces; the last one takes what the record does not account for. */
function cut(bytes: Buffer, chunks: HttpResponse['chunks']): Extract<Step, { do: 'piece' }>[] {
  const pieces: Extract<Step, { do: 'piece' }>[] = [];
  let at = 0;
  for (const [ms, size, after] of chunks ?? []) {
    if (at >= bytes.length) break;
    pieces.push({ do: 'piece', ms, after, bytes: bytes.subarray(at, at + size) });
    at += size;
  }
  const rest = bytes.subarray(at);
  if (rest.length > 0) {
    const last = pieces.pop();
    pieces.push(last ? { ...last, bytes: Buffer.concat([last.bytes, rest]) } : { do: 'piece', ms: 0, after: undefined, bytes: rest });
  }
  return pieces;
}
