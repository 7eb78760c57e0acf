/** What events of every kind have. */

/** Bytes as they were seen. Small text stays readable, anything else goes to base64 or to a blob of the package. */
export type Body =
  | { readonly text: string; readonly truncated?: number }
  | { readonly base64: string; readonly truncated?: number }
  | { readonly blob: string; readonly size: number; readonly truncated?: number };
// `truncated`: how many bytes were seen but not kept.

/** Whose work an event was. `request` refers to an index into `context.requests`; 0 is the failing one. */
export type Scope =
  | { readonly in: 'boot' }
  | { readonly in: 'background' }
  | { readonly in: 'request'; readonly request: number };

/** Where in an exchange an IO error struck. */
export type IoPhase = 'dns' | 'connect' | 'tls' | 'send' | 'wait' | 'receive';

export interface IoError {
  readonly name?: string;
  readonly message: string;
  /** Driver or system code: `ECONNRESET`, `23505`, `SQLITE_BUSY`. */
  readonly code?: string;
  readonly errno?: number;
  readonly syscall?: string;
  /** Addresses that were dialled in vain, in their order. */
  readonly addresses?: readonly string[];
  readonly detail?: string;
  readonly phase?: IoPhase;
  /** Bytes of the answer that had arrived when it broke. */
  readonly bytes?: number;
  /** Further fields of the driver's error (`constraint`, `table`, `severity` …). */
  readonly fields?: Readonly<Record<string, string>>;
}

/**
 * How an event ended. `pending`: not ended when the failure was packaged.
 * An error may carry the part of the answer that had arrived (`partial`).
 */
export type Outcome<T> =
  | { readonly ok: T }
  | { readonly error: IoError; readonly partial?: Partial<T> }
  | { readonly pending: { readonly partial?: Partial<T> } };

export interface EventBase {
  /** 1-based, unique in the timeline; the order in which the exchanges began. */
  readonly seq: number;
  /** Absent in stand-alone timelines: then request 0. */
  readonly scope?: Scope;
  /** Milliseconds from the timeline's `epoch` to the beginning of the exchange. */
  readonly at?: number;
  /** Milliseconds from beginning to end. */
  readonly ms?: number;
  /** Rank among the completions of the timeline (1-based): replies are released in this order. */
  readonly done?: number;
  /** Names of the OpenTelemetry semantic conventions. */
  readonly attributes?: Readonly<Record<string, string | number | boolean>>;
}
