import { startModuleHooks } from '../hooks/module-hooks.js';
import { described } from './guard.js';
import { noteNotCaptured, reportOnce } from '../hooks/not-captured.js';
import type { CaptureConfig } from './config.js';
import type { Instrumentation } from './instrumentation.js';
import { TimelineRecorder } from './timeline-recorder.js';

/** The capture of this process. */
export class Capture implements Disposable {
  readonly config: CaptureConfig;
  readonly recorder: TimelineRecorder;
  readonly #installed: Disposable[] = [];

  constructor(config: CaptureConfig) {
    this.config = config;
    this.recorder = new TimelineRecorder(config.limits);
  }

  /** Hooks everything in. One that cannot be hooked in is said and left out. */
  install(instrumentations: readonly Instrumentation[]): void {
    for (const instrumentation of instrumentations) {
      try {
        this.#installed.push(instrumentation.install(this.recorder));
      } catch (error) {
        noteNotCaptured(`${instrumentation.name}: could not be hooked in`);
        reportOnce(`${instrumentation.name} could not be hooked in: ${described(error)}`);
      }
    }
  }

  /** Sees ES module imports too, from here on. */
  async watchImports(): Promise<void> {
    await startModuleHooks();
  }

  [Symbol.dispose](): void {
    for (const installed of this.#installed.splice(0).toReversed()) installed[Symbol.dispose]();
  }
}
