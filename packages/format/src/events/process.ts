/** Programs that the application starts. */
import type { Body, EventBase, Outcome } from './base.js';

export interface ProcessPiece {
  readonly from: 'stdout' | 'stderr';
  /** Milliseconds from the beginning. */
  readonly ms: number;
  readonly body: Body;
  /** How many bytes of its input had been written by then, where there was any. */
  readonly after?: number;
}

/** What a program said, and how it ended: by a code or by a signal. */
export interface ProcessResult {
  readonly code: number | null;
  readonly signal?: string;
  /** Its output as far as the application could read it. */
  readonly pieces: readonly ProcessPiece[];
}

/** A program that the application started. Its own children, and processes that it forks with a channel, are not followed. */
export interface ProcessEvent extends EventBase {
  readonly kind: 'process';
  /** As it was given: a name that is looked for in `PATH`, or a path. Commands for a shell are arguments of the shell. */
  readonly file: string;
  /** Without the program's own name. */
  readonly args: readonly string[];
  readonly cwd?: string;
  /** Names of the variables of its environment, where it is not the application's own. */
  readonly env?: readonly string[];
  readonly input?: Body;
  /** The application stood still until it ended. */
  readonly sync?: boolean;
  readonly outcome: Outcome<ProcessResult>;
}
