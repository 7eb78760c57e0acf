import type { Recorder } from '../core/recorder.js';
import type { Instrumentation } from '../core/instrumentation.js';
import { guarded } from '../core/guard.js';
import { hookRandomness, type RandomSource } from './sources.js';

export interface RecordRandomnessOptions {
  /** A key of what is being worked on (the scope of a request); undefined: nothing is recorded here. */
  readonly currentScope: () => object | undefined;
  /** Draws that are recorded for one request. */
  readonly perScope?: number;
}

const PER_SCOPE = 64;
/** Rough cost of one event that is kept. */
const EVENT_BYTES = 96;

/** Records what the program draws at random while it works for a request, up to a small number of draws each. */
export function recordRandomness(options: RecordRandomnessOptions): Instrumentation {
  return {
    name: 'randomness',
    install: (recorder) => {
      const counts = new WeakMap<object, number>();
      const note = guarded('randomness', (source: RandomSource, value: string) => record(recorder, options, counts, source, value), undefined);
      return hookRandomness((source, draw) => {
        const value = draw();
        note(source, value);
        return value;
      });
    },
  };
}

function record(recorder: Recorder, options: RecordRandomnessOptions, counts: WeakMap<object, number>, source: RandomSource, value: string): void {
  const scope = options.currentScope();
  if (scope === undefined) return;
  const count = (counts.get(scope) ?? 0) + 1;
  if (count > (options.perScope ?? PER_SCOPE)) return;
  counts.set(scope, count);
  const event = recorder.begin({ kind: 'random', toBody: () => ({ kind: 'random', source, outcome: { ok: { value } } }) });
  event?.keep(EVENT_BYTES);
  event?.end();
}
