import type { StubDivergence } from './divergence.js';

export interface ServedExchange {
  readonly seq: number;
  readonly stub: string;
  /** Milliseconds since 1970, when the answer (or the recorded failure) was complete. */
  readonly at: number;
}

/** What happened at the stubs, in order. */
export interface Journal {
  readonly served: readonly ServedExchange[];
  readonly divergences: readonly StubDivergence[];
  /** What is worth knowing and no divergence: statements that only the engine could answer, peers that spoke another protocol. */
  readonly notes: readonly string[];
  serve(seq: number, stub: string): void;
  diverge(divergence: Omit<StubDivergence, 'at'>): void;
  note(text: string): void;
}

/** Notes are bounded: a background loop may run for as long as the sandbox does. */
const MAX_NOTES = 1000;

export function createJournal(onDivergence: (divergence: StubDivergence) => void): Journal {
  const served: ServedExchange[] = [];
  const divergences: StubDivergence[] = [];
  const notes: string[] = [];
  return {
    served,
    divergences,
    notes,
    serve(seq, stub) {
      served.push({ seq, stub, at: Date.now() });
    },
    diverge(divergence) {
      const dated = { ...divergence, at: Date.now() };
      divergences.push(dated);
      onDivergence(dated);
    },
    note(text) {
      if (notes.length < MAX_NOTES) notes.push(text);
    },
  };
}
