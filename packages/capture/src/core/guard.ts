import { noteNotCaptured, reportOnce } from '../hooks/not-captured.js';

/**
 * A hook that may break but must not break the application: its first error turns it off and is said once.
 * From then on callers get `fallback`.
 */
export function guarded<A extends unknown[], R>(name: string, hook: (...args: A) => R, fallback: R): (...args: A) => R {
  let broken = false;
  return (...args) => {
    if (broken) return fallback;
    try {
      return hook(...args);
    } catch (error) {
      broken = true;
      noteNotCaptured(`${name}: internal error`);
      reportOnce(`internal error in ${name}, which is off from now on: ${described(error)}`);
      return fallback;
    }
  };
}

export function described(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
