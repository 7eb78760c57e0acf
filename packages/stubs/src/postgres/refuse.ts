import type { Socket } from 'node:net';
import type { Refusal } from '../plan.js';
import type { StubRuntime } from '../runtime.js';
import { errorMessage } from './answer.js';

/** What an attempt to connect got instead of a connection, at its recorded time. */
export async function refuse(client: Socket, { seq, ms, error, drop }: Refusal, runtime: StubRuntime, stub: string): Promise<void> {
  // The client gives up by itself.
  if (drop === 'hold') return runtime.journal.serve(seq, stub);
  if (!(await runtime.pace.until(runtime.pace.now(), ms ?? 0))) return;
  runtime.journal.serve(seq, stub);
  if (drop === 'rst') client.resetAndDestroy();
  else if (drop === 'fin') client.destroySoon();
  else client.end(errorMessage({ ...error, fields: { severity: 'FATAL', ...error.fields } }));
}
