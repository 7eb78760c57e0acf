import * as inspector from 'node:inspector';
import { performance } from 'node:perf_hooks';
import { isMainThread, Worker } from 'node:worker_threads';
import { collected, type PausedFrame } from './collect.js';
import { keepLocals, onFailure } from './locals-of.js';
import { KEEP, type WatcherData, type WatcherMessage, type WatcherNews, type WatchWindows } from './messages.js';
import { DEFAULT_PAUSES, type PauseLimits } from './pause-budget.js';

export interface LocalsOptions {
  /** Folder of the application: only its own frames are looked at. */
  readonly root: string;
  readonly limits?: PauseLimits;
  readonly windows?: WatchWindows;
  /** Called at every pause with what was thrown, before the program goes on. */
  readonly paused?: (error: unknown) => void;
}

/** Locals being watched, or why not. */
export interface LocalsWatch extends Disposable {
  /** Why locals are not had from the start; undefined: they are. */
  readonly off: string | undefined;
  /** Resolves when exceptions are seen; to the reason when they will not be. */
  readonly ready: Promise<string | undefined>;
}

/** The memory of a thread that only forwards small messages, in MiB. */
const WATCHER_MEMORY = { maxOldGenerationSizeMb: 24, maxYoungGenerationSizeMb: 2, codeRangeSizeMb: 8, stackSizeMb: 1 };

const END_MS = 100;

/** Keeps the variables of the application's frames on every exception, within the budget: `localsOf` reads them. Never throws. */
export function startLocals(options: LocalsOptions): LocalsWatch {
  const why = whyNot();
  if (why !== undefined) return { off: why, ready: Promise.resolve(why), [Symbol.dispose]: () => {} };
  try {
    return watch(options);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { off: reason, ready: Promise.resolve(reason), [Symbol.dispose]: () => {} };
  }
}

function whyNot(): string | undefined {
  if (process.env['DEJA_LOCALS'] === 'off') return 'DEJA_LOCALS=off';
  if (!isMainThread) return 'not the main thread';
  if (!('connectToMainThread' in inspector.Session.prototype)) return `Node ${process.versions.node} cannot inspect its main thread (20.11 and later can)`;
  return debugged() ? 'a debugger is attached' : undefined;
}

/** `DEJA_LOCALS=always`: at any time, for the price of it. */
function windowsOf(setting: string | undefined): WatchWindows {
  return setting === 'always' ? { fromStart: null, afterFailure: null } : { fromStart: 30_000, afterFailure: 300_000 };
}

function debugged(): boolean {
  return inspector.url() !== undefined || process.execArgv.some((option) => option.startsWith('--inspect'));
}

function watch(options: LocalsOptions): LocalsWatch {
  const limits = options.limits ?? DEFAULT_PAUSES;
  const now = performance.now.bind(performance);
  const places = new WeakMap<object, string>();
  const data: WatcherData = { root: options.root, limits, windows: options.windows ?? windowsOf(process.env['DEJA_LOCALS']) };
  // Without the application's options: its preloads have no business in this thread, and ours would start another.
  const worker = new Worker(new URL('./watcher.js', import.meta.url), { workerData: data, execArgv: [], env: {}, resourceLimits: WATCHER_MEMORY, name: 'deja-locals' });
  const say = (message: WatcherMessage): void => worker.postMessage(message, []);
  const ready = new Promise<string | undefined>((resolve) => {
    worker.on('message', (news: WatcherNews) => resolve('ready' in news ? undefined : news.off));
    worker.on('error', (error: Error) => resolve(error.message));
    worker.on('exit', () => resolve('the watching thread ended'));
  });

  // Listening for messages would keep the process alive.
  worker.unref();
  // Node waits at its end until every inspector session is closed, and says so on standard error.
  const end = (): void => {
    const signal = new Int32Array(new SharedArrayBuffer(4));
    say({ end: signal });
    Atomics.wait(signal, 0, 0, END_MS);
    void worker.terminate();
  };
  process.once('exit', end);

  const keep = (error: object, place?: string, frames: readonly PausedFrame[] = [], ...scopes: readonly unknown[]): 'stop' | 'kept' => {
    if (debugged()) return 'stop';
    options.paused?.(error);
    if (place === undefined) return 'kept';
    places.set(error, place);
    keepLocals(error, collected(frames, scopes, now, now() + limits.onePause));
    return 'kept';
  };
  Object.defineProperty(globalThis, Symbol.for(KEEP), { value: keep, configurable: true, enumerable: false });
  const forget = onFailure((error) => {
    say({ failed: places.get(error) });
  });
  return {
    off: undefined,
    ready,
    [Symbol.dispose]: () => {
      forget();
      process.removeListener('exit', end);
      Reflect.deleteProperty(globalThis, Symbol.for(KEEP));
      end();
    },
  };
}
