import type { Capture } from './capture.js';

// One capture per process, whichever copies of this library the application and the preload have loaded.
const KEY = Symbol.for('deja.capture');

interface Holder {
  [KEY]?: Capture;
}

export function currentCapture(): Capture | undefined {
  return (globalThis as Holder)[KEY];
}

export function setCurrentCapture(capture: Capture | undefined): void {
  if (capture === undefined) delete (globalThis as Holder)[KEY];
  else Object.defineProperty(globalThis, KEY, { value: capture, configurable: true, enumerable: false });
}
