import type { Recorder } from '../../core/recorder.js';

/** A recorder that records until it is disposed of: patched prototypes stay patched, and from then on do nothing. */
export function stoppable(recorder: Recorder): readonly [Recorder, Disposable] {
  let on = true;
  return [
    { begin: (event) => (on ? recorder.begin(event) : null), unobserved: (fn) => recorder.unobserved(fn) },
    { [Symbol.dispose]: () => void (on = false) },
  ];
}
