import type { Cell, IoError, SqlResult } from './event.js';

/**
 * What the guest agent tells the capture library inside a sandbox (a JSON file named by `DEJA_REPLAY`).
 * In this mode capture redacts nothing, introspects nothing, and writes one package for every finished trigger,
 * failed or not, synchronously and before the answer's last byte can be acted upon.
 */
export interface ReplayInstructions {
  /** Milliseconds since 1970 that the application's clock shall show when the first trigger arrives. Absent: the real clock. */
  readonly clock?: number;
  /** Sandbox `process` only: outgoing connections by recorded host and port go to these addresses; any other is refused. */
  readonly redirect?: readonly { readonly host: string; readonly port: number; readonly toAddress: string; readonly toPort: number }[];
  /** CA certificate (PEM) of the stubs; the same that NODE_EXTRA_CA_CERTS names. */
  readonly ca?: string;
  /** In-process databases have no proxy: these statements are answered verbatim. */
  readonly sqlite?: readonly SqliteAnswer[];
  /** Programs that the application starts. Absent: they are run as they are. */
  readonly processes?: readonly ProcessAnswer[];
  /** Recorded randomness of each request by its index, in the order of drawing. */
  readonly random?: readonly { readonly request: number; readonly source: string; readonly value: string }[];
  /** Waiting is passed over. Absent: time passes as it does. */
  readonly time?: ReplayTime;
  /** How incoming requests map to recorded ones: the n-th arrival that matches method and target, or destination and key of a message. */
  readonly requests: readonly ExpectedRequest[];
}

export type ExpectedRequest =
  | { readonly request: number; readonly method: string; readonly target: string }
  | { readonly request: number; readonly destination: string; readonly key?: string };

/** A program that is not run: what it said and how it ended is given by a stand-in. */
export interface ProcessAnswer {
  readonly seq: number;
  /** Regular expressions for the whole of the program's name and of each argument: times and secrets differ. */
  readonly command: readonly string[];
  /** Base64. The stand-in compares what it is given. */
  readonly input?: string;
  readonly pieces: readonly { readonly from: 'stdout' | 'stderr'; readonly ms: number; readonly after?: number; readonly base64: string }[];
  /** When it ended. Absent: it did not. */
  readonly ms?: number;
  readonly code?: number;
  readonly signal?: string;
  /** It could not be started. */
  readonly error?: string;
  readonly repeat: boolean;
}

export interface SqliteAnswer {
  readonly seq: number;
  readonly database: string;
  readonly text: string;
  readonly params: readonly Cell[];
  readonly answer: { readonly ok: SqlResult } | { readonly error: IoError };
  /** May be given any number of times (boot and background work). */
  readonly repeat: boolean;
}

/** Where waiting is passed over: a Unix socket of the agent's, on which every thread of the application says hello and then does as it is told. */
export interface ReplayTime {
  readonly socket: string;
  /** File with the milliseconds that were skipped so far, for threads that start later. */
  readonly skipped: string;
}

/** A thread of the application: lines of JSON, this one first. */
export interface TimeHello {
  readonly pid: number;
  /** Whether it is its process's main thread. */
  readonly main: boolean;
  /** Milliseconds that its clock has been put forward already. */
  readonly skipped: number;
}

/** What the agent tells it: to say how long until its next timer, or to put its clock forward. */
export type TimeOrder = { readonly id: number } & ({ readonly do: 'tell' } | { readonly do: 'skip'; readonly ms: number });

/** `left` null: no timer; `workers`: how many threads it has started that still run. `busy`: something is under way that would take real time. */
export type TimeAnswer = { readonly id: number } & ({ readonly left: number | null; readonly workers: number } | { readonly busy: string } | { readonly done: true });
