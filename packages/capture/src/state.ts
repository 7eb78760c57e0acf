import type { Capture } from './core/capture.js';
import type { LiveEvent } from './core/recorder.js';
import { preview } from './errors/preview.js';

/** A named value as an event of its own, and as the last value of its name. */
export function recordState(capture: Capture, name: string, value: unknown): void {
  capture.states.set(name, value);
  const live: LiveEvent = { kind: 'state', toBody: () => ({ kind: 'state', name, outcome: { ok: { value: preview(value) } } }) };
  capture.recorder.begin(live)?.end();
}
