import type { IoEvent } from './event.js';
import type { Context } from './context.js';
import type { DatabaseInfo, ServerInfo } from './timeline.js';
import type { Failure } from './failure.js';

export const FORMAT_VERSION = 1;

export interface Manifest {
  readonly deja: 'package/1';
  /** Unique; also the idempotency key of ingest. */
  readonly id: string;
  readonly service: string;
  readonly release?: string;
  /** ISO 8601, of the failure. */
  readonly time: string;
  /** One line: `TypeError: Cannot read … (GET /orders/47)`. Null: an observation without failure, as replays write them. */
  readonly summary: string | null;
  readonly counts: { readonly events: number; readonly requests: number };
  /** Bounds that were hit while observing, in words: `response body of event 7 cut at 1048576 bytes`. */
  readonly limits: readonly string[];
  readonly capture: { readonly version: string; readonly mode: 'production' | 'replay'; readonly notCaptured: readonly string[]; readonly sources?: readonly CaptureSource[] };
}

/** What capture observes beyond the clients that it knows. Where it is not named it was not observed. */
export type CaptureSource = 'connections' | 'datagrams' | 'files' | 'processes';

export interface State {
  readonly values: Readonly<Record<string, unknown>>;
}

/** An error package in memory: all of it, upgraded to the newest version. */
export interface ErrorPackage {
  readonly manifest: Manifest;
  readonly failure: Failure | null;
  readonly context: Context;
  readonly databases: readonly DatabaseInfo[];
  readonly servers: readonly ServerInfo[];
  readonly timeline: readonly IoEvent[];
  readonly state: State;
  /** Contents by sha256 in hex. Use `bodyBytes` to resolve a `Body`. */
  readonly blobs: ReadonlyMap<string, Uint8Array>;
}
