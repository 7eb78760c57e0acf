import type { FrameScope } from '@deja/format';

/** The variables of one paused frame of the application. Lines and columns count from 1. */
export interface FrameScopes {
  readonly function: string;
  /** As the inspector names it: a `file://` URL or a path. */
  readonly url: string;
  readonly line: number;
  readonly column: number;
  readonly scopes: readonly FrameScope[];
}

type Listener = (error: object) => void;
const listeners = new Set<Listener>();

/** Weak: the locals live exactly as long as their error. */
const byError = new WeakMap<object, readonly FrameScopes[]>();

/** The variables of the frames in which this error was thrown, innermost first, where they could be had. */
export function localsOf(error: unknown): readonly FrameScopes[] | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  for (const listener of listeners) listener(error);
  return byError.get(error);
}

/** Calls `listener` with every error whose locals are asked for: it became a failure. Returns what ends that. */
export function onFailure(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** A rethrown error keeps the locals of its first throw, and gains frames that only the later one shows. */
export function keepLocals(error: object, frames: readonly FrameScopes[]): void {
  const known = byError.get(error) ?? [];
  const added = frames.filter((frame) => !known.some((other) => other.url === frame.url && other.function === frame.function));
  byError.set(error, [...known, ...added]);
}
