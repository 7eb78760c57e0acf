import { currentCapture } from './core/current.js';
import { start } from './start.js';

export interface InitOptions {
  /** Name of the service. Default: `DEJA_SERVICE`, or the name in the application's package.json. */
  readonly service?: string;
  /** Default: `DEJA_RELEASE`, or the version in the application's package.json. */
  readonly release?: string;
}

/**
 * Starts the capture, or names the one that the preload has started. Without the preload, call it before other modules are loaded;
 * ES modules that are imported statically beside it are loaded earlier, and only partly observed.
 */
export function init(options: InitOptions = {}): void {
  const preloaded = currentCapture() !== undefined;
  const capture = start();
  capture.identity = { ...capture.identity, ...options };
  if (!preloaded) void capture.watchImports();
}
