import { Capture } from './core/capture.js';
import { configOf } from './core/config.js';
import { currentCapture, setCurrentCapture } from './core/current.js';
import { INSTRUMENTATIONS } from './instrumentations.js';

/** Starts the capture of this process, once. */
export function start(): Capture {
  const running = currentCapture();
  if (running) return running;
  const capture = new Capture(configOf(process.env));
  capture.install(INSTRUMENTATIONS);
  setCurrentCapture(capture);
  return capture;
}
