/** Where a stub left the recording. Data, never an exception. */
export interface StubDivergence {
  /** Which stub: `https://payments.example:443`, `redis main`, `postgres main`, `dns`. */
  readonly stub: string;
  /** What was asked, on one line. */
  readonly asked: string;
  /** The nearest recorded exchange, and how it differs; never served. */
  readonly nearest?: { readonly seq: number; readonly text: string; readonly difference: string };
  /** Set when it is not a request that the recording does not know, but another departure: an answer out of its recorded order. */
  readonly reason?: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}
