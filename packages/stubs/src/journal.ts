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

/** Who wants to hear of it as it happens. */
export interface JournalListener {
  readonly onServed?: (exchange: ServedExchange) => void;
  readonly onDivergence?: (divergence: StubDivergence) => void;
  readonly onNote?: (text: string) => void;
}

/** Notes are bounded: a background loop may run for as long as the sandbox does. */
const MAX_NOTES = 1000;

export function createJournal(listener: JournalListener): Journal {
  const served: ServedExchange[] = [];
  const divergences: StubDivergence[] = [];
  const notes: string[] = [];
  return {
    served,
    divergences,
    notes,
    serve(seq, stub) {
      const exchange = { seq, stub, at: Date.now() };
      served.push(exchange);
      listener.onServed?.(exchange);
    },
    diverge(divergence) {
      const dated = { ...divergence, at: Date.now() };
      divergences.push(dated);
      listener.onDivergence?.(dated);
    },
    note(text) {
      if (notes.length < MAX_NOTES) notes.push(text);
      listener.onNote?.(text);
    },
  };
}
