import { currentCapture } from './core/current.js';
import { guarded } from './core/guard.js';
import { recordState } from './state.js';

/** Reports an error that the application has handled itself. Of a request under way: packaged when it is answered. Never throws. */
export function captureException(error: unknown): void {
  report(error);
}

const report = guarded('captureException', (error: unknown) => currentCapture()?.failures.reported(error), undefined);

/**
 * Names a value of the program that a failure may depend on. Kept by reference and read when a failure is packaged. Gives the value back.
 */
export function state<T>(name: string, value: T): T {
  note(name, value);
  return value;
}

const note = guarded('state', (name: string, value: unknown) => {
  const capture = currentCapture();
  if (capture) recordState(capture, name, value);
}, undefined);

/**
 * Runs a piece of work that no HTTP request triggers (a job, a message) in a scope of its own: its exchanges belong together, and an error that
 * leaves it is a failure. The error goes on as it would without.
 */
export function entry<R>(name: string, fn: () => R): R {
  const capture = currentCapture();
  return capture ? capture.runEntry(name, fn) : fn();
}
