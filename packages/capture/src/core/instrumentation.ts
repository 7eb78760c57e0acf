import type { Recorder } from './recorder.js';

/** Something that observes one kind of exchange. `install` hooks it in; disposing takes the hooks out again. */
export interface Instrumentation {
  readonly name: string;
  install(recorder: Recorder): Disposable;
}
