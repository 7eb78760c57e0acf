import type { GuestPlan } from './plan.js';
import type { HeaderList } from '@deja/format';
import type { StubDivergence } from '@deja/stubs';

/**
 * The protocol between host and guest agent. Frames: u32be total length, u32be header length, JSON header, raw payload.
 * The same over a pipe, a Unix socket, vsock and virtio-serial. Requests carry an `id`; each gets exactly one `done` or `failed`
 * with the same id; `log` and `note` frames may come at any time.
 */
export type HostFrame =
  | { readonly type: 'apply'; readonly id: number; readonly plan: GuestPlan }
  | { readonly type: 'start'; readonly id: number }
  | { readonly type: 'trigger'; readonly id: number }
  | { readonly type: 'stop'; readonly id: number };

export type GuestFrame =
  | { readonly type: 'hello'; readonly protocol: 1; readonly node: string; readonly pid: number }
  | { readonly type: 'done'; readonly id: number; readonly ms: number; readonly result?: Observation }
  | { readonly type: 'failed'; readonly id: number; readonly error: GuestFailure }
  | { readonly type: 'log'; readonly stream: 'stdout' | 'stderr' | 'agent' }  // payload: bytes
  | { readonly type: 'package'; readonly name: string };                       // payload: a package that the replayed application's capture wrote

export interface GuestFailure {
  /** Stable code, e.g. DEJA_APP_EXITED_EARLY, DEJA_APP_NOT_READY, DEJA_PORT_IN_USE, DEJA_NO_START_COMMAND, DEJA_ENGINE_FAILED. */
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  /** Last lines of the application's output. */
  readonly output?: readonly string[];
}

/** How the application's process ended; each is a different thing. */
export type AppEnd =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signalled'; readonly signal: string }
  | { readonly kind: 'timed-out' }
  | { readonly kind: 'oom-killed' }
  | { readonly kind: 'never-started'; readonly message: string };

/** What `trigger` observed. Packages come before it, as frames of their own. */
export interface Observation {
  readonly responses: readonly TriggerResult[];
  /** Null: the application still ran when the observation ended. */
  readonly end: AppEnd | null;
  readonly divergences: readonly StubDivergence[];
  readonly output: readonly string[];
}

export interface TriggerResult {
  readonly request: number;
  readonly ms: number;
  readonly response?: { readonly status: number; readonly headers: HeaderList; readonly body: string };
  /** The connection broke, or no answer came in time. */
  readonly error?: string;
}
