import type { ReplayInstructions } from '@deja/format';
import { hookRandomness } from '../random/sources.js';

type Recorded = NonNullable<ReplayInstructions['random']>;

/** Gives each recorded request its recorded draws, in order, source by source; then, and outside requests, real randomness. */
export function replayRandomness(recorded: Recorded, currentRequest: () => number | undefined): Disposable {
  const queues = new Map<string, string[]>();
  for (const { request, source, value } of recorded) {
    const key = `${request} ${source}`;
    const queue = queues.get(key);
    if (queue) queue.push(value);
    else queues.set(key, [value]);
  }
  return hookRandomness((source, draw) => {
    const request = currentRequest();
    const queue = request === undefined ? undefined : queues.get(`${request} ${source}`);
    return queue?.shift() ?? draw();
  });
}
