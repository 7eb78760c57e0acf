import type { Body, HeaderList } from '@deja/format';
import type { StubDivergence } from '@deja/stubs';

/**
 * The protocol between host and guest agent. Frames: u32be length of what follows, u32be header length, JSON header, raw payload.
 * The same over a pipe, a Unix socket, vsock and virtio-serial. The agent speaks first (`hello`). Requests carry an `id`; each gets
 * exactly one `done` or `failed` with the same id; `log` and `package` frames may come at any time. Where a connection is lost and made anew
 * (a machine that goes on from a saved state), the agent says `hello` again.
 *
 * What can be large is never in a header: the plan, results and packages travel as payload.
 */
export type HostFrame =
  | { readonly type: 'greet'; readonly id: number }      // asks for nothing but the answer
  | { readonly type: 'warm'; readonly id: number }       // payload: a WarmUp as JSON; before `apply`, where there is time for it
  | { readonly type: 'apply'; readonly id: number }      // payload: the GuestPlan as JSON
  | { readonly type: 'start'; readonly id: number }
  | { readonly type: 'trigger'; readonly id: number }
  | { readonly type: 'stop'; readonly id: number }
  | { readonly type: 'dial'; readonly id: number; readonly host: string; readonly port: number }; // `done`: there is a connection, and its number is the id

export type HostRequest = HostFrame['type'];

/** Both ways, of a connection that was dialled, without an answer. No bytes: the end of what this side says. `taken`: so many were passed on. */
export type TunnelFrame =
  | { readonly type: 'bytes'; readonly connection: number }                     // payload: the bytes
  | { readonly type: 'taken'; readonly connection: number; readonly bytes: number }
  | { readonly type: 'hang-up'; readonly connection: number };

export type GuestFrame =
  | { readonly type: 'hello'; readonly protocol: typeof PROTOCOL_VERSION; readonly node: string; readonly pid: number }
  | { readonly type: 'done'; readonly id: number; readonly ms: number }         // payload of the answer to `trigger`: the Observation as JSON
  | { readonly type: 'failed'; readonly id: number; readonly error: GuestFailure }
  | { readonly type: 'log'; readonly stream: LogStream }                        // payload: bytes
  | { readonly type: 'package'; readonly name: string };                        // payload: a package that the replayed application's capture wrote

export const PROTOCOL_VERSION = 3;

export type LogStream = 'stdout' | 'stderr' | 'agent';

export interface GuestFailure {
  /** Stable code, e.g. DEJA_APP_EXITED_EARLY, DEJA_APP_NOT_READY, DEJA_PORT_IN_USE, DEJA_NO_START_COMMAND, DEJA_ENGINE_FAILED. */
  readonly code: `DEJA_${string}`;
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
  /** Bytes of output that were not passed on, for there were too many. */
  readonly cutOutput?: number;
  /** With `fastForward`: milliseconds that passed at once, from the application's start on. */
  readonly skippedMs?: number;
}

export interface TriggerResult {
  readonly request: number;
  readonly ms: number;
  readonly response?: { readonly status: number; readonly headers: HeaderList; readonly body: Body };
  /** The connection broke, or no answer came in time. */
  readonly error?: string;
}
