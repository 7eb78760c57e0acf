import type { ErrorPackage } from '@deja/format';
import type { Windows } from './values.js';

/** The times of the failing request, then and now. */
export function windowsOf(recorded: ErrorPackage, replayed: ErrorPackage): Windows {
  return { recorded: windowOf(recorded), replayed: windowOf(replayed) };
}

/** From the beginning of the first of the requests that overlapped it: what these wrote, it may have read. */
function windowOf({ context }: ErrorPackage): readonly [number, number] {
  const [failing] = context.requests;
  const first = Math.min(failing?.at ?? 0, ...context.requests.map(({ at }) => at));
  return [context.epoch + first, context.epoch + (failing?.at ?? 0) + (failing?.ms ?? 60_000)];
}
