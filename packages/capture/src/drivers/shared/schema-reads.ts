import type { Recorder } from '../../core/recorder.js';
import { noteNotCaptured } from '../../hooks/not-captured.js';

const asked = new WeakSet<object>();
const underWay = new Set<Promise<void>>();

/** Settles when the schemas that are being read are known, or cannot be; null when none is being read. */
export function pendingSchemas(): Promise<void> | null {
  return underWay.size === 0 ? null : Promise.all(underWay).then(() => undefined);
}

/**
 * Reads the schema of a database once, in the background and unobserved. `DEJA_SCHEMA=off` turns it off; in a replay it never happens.
 * @param name for the note that says it could not be read
 */
export function readInBackground(recorder: Recorder, database: object, name: string, read: () => Promise<void>): void {
  if (asked.has(database)) return;
  asked.add(database);
  if (process.env['DEJA_SCHEMA'] === 'off' || process.env['DEJA_REPLAY']) return;
  const started = new Promise<void>((resolve) => {
    recorder.unobserved(() => {
      setImmediate(() => {
        read().then(resolve, (error: unknown) => {
          noteNotCaptured(`the schema of the database ${name}: ${error instanceof Error ? error.message : String(error)}`);
          resolve();
        });
      }).unref();
    });
  });
  underWay.add(started);
  void started.then(() => underWay.delete(started));
}
