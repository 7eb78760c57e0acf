/** Values that the program read or drew. */
import type { EventBase, Outcome } from './base.js';

/** A value that the program named (`deja.state`), or that was found in module scope. */
export interface StateEvent extends EventBase {
  readonly kind: 'state';
  readonly name: string;
  readonly outcome: Outcome<{ readonly value: unknown }>;
}

/** Randomness the program drew. */
export interface RandomEvent extends EventBase {
  readonly kind: 'random';
  readonly source: 'Math.random' | 'randomUUID' | 'randomBytes' | 'randomInt' | 'ObjectId';
  readonly outcome: Outcome<{ readonly value: string }>;
}
