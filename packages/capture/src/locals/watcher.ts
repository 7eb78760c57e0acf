/**
 * Runs in a thread of its own: pauses the application's thread at exceptions, has it keep the variables of its frames on the exception
 * itself, and lets it go on. Every way out of a pause resumes: a thread that stays paused would be an outage.
 */
import { Session, type Debugger, type Runtime } from 'node:inspector';
import { parentPort, workerData } from 'node:worker_threads';
import type { FrameScope } from '@deja/format';
import { placed } from '../errors/stack-frames.js';
import type { PausedFrame } from './collect.js';
import { KEEP, type WatcherData, type WatcherMessage, type WatcherNews } from './messages.js';
import { Noise } from './noise.js';
import { PauseBudget } from './pause-budget.js';
import { pathOf } from './url-path.js';

const MAX_FRAMES = 5;
const MAX_CLOSURES = 3;
const { root, limits, windows } = workerData as WatcherData;
const session = new Session();
const noise = new Noise();
const budget = new PauseBudget(limits, performance.now());
const blackboxed = new Set<string>();
/** Call frames name only the script's number. */
const urls = new Map<string, string>();
/** Whether the debugger is on, and whether it pauses. */
let watching = false;
let armed = false;
/** When the debugger goes off again, by this thread's clock; infinite: never. */
let quietAt = 0;
let pausedAt = 0;

function tell(news: WatcherNews): void {
  parentPort?.postMessage(news, []);
}

function watchFor(ms: number | null): void {
  quietAt = Math.max(quietAt, ms === null ? Number.POSITIVE_INFINITY : performance.now() + ms);
  if (watching) return;
  watching = true;
  session.post('Debugger.enable', (error) => {
    if (error) return tell({ off: error.message });
    arm();
    tell({ ready: true });
  });
  endWhenQuiet();
}

function endWhenQuiet(): void {
  const left = quietAt - performance.now();
  if (left === Number.POSITIVE_INFINITY) return;
  if (left > 0) {
    setTimeout(endWhenQuiet, left).unref();
    return;
  }
  watching = false;
  armed = false;
  session.post('Debugger.disable');
  urls.clear();
  blackboxed.clear();
}

function arm(): void {
  if (!watching) return;
  session.post('Debugger.setPauseOnExceptions', { state: 'all' }, (error) => {
    armed = !error;
  });
}

/** Over budget: not one exception costs anything until there is budget again. */
function disarmFor(ms: number): void {
  armed = false;
  session.post('Debugger.setPauseOnExceptions', { state: 'none' });
  setTimeout(arm, ms).unref();
}

function resume(): void {
  session.post('Debugger.resume', () => {
    const now = performance.now();
    budget.spend(now - pausedAt, now);
    const wait = budget.waitMs(now);
    if (armed && wait > 0) disarmFor(wait);
  });
}

function stop(why: string): void {
  session.post('Debugger.disable', () => {
    session.disconnect();
    tell({ off: why });
    parentPort?.close();
  });
}

function onPaused({ params }: { readonly params: Debugger.PausedEventDataType }): void {
  pausedAt = performance.now();
  try {
    const exception = params.data as Runtime.RemoteObject | undefined;
    const top = params.callFrames[0];
    const isThrow = params.reason === 'exception' || params.reason === 'promiseRejection';
    if (!isThrow || exception?.objectId === undefined || top === undefined) return resume();
    const place = `${urlOf(top)}:${top.location.lineNumber}:${top.location.columnNumber ?? 0}`;
    const inApp = params.callFrames.filter((frame) => placed(pathOf(urlOf(frame)), root).inApp).slice(0, MAX_FRAMES);
    if (noise.thrown(place, inApp.length > 0 ? 'ownCode' : 'others')) {
      // V8 does not even pause for what is thrown and caught in such scripts. The application's own stay visible.
      if (inApp[0] !== top) blackbox(top.location.scriptId);
      return handOver(exception.objectId, []);
    }
    if (inApp.length === 0) return handOver(exception.objectId, []);
    keep(exception.objectId, place, inApp);
  } catch {
    resume();
  }
}

function urlOf(frame: Debugger.CallFrame): string {
  return frame.url || (urls.get(frame.location.scriptId) ?? '');
}

function blackbox(scriptId: string): void {
  if (blackboxed.has(scriptId)) return;
  blackboxed.add(scriptId);
  session.post('Debugger.setBlackboxedRanges', { scriptId, positions: [{ lineNumber: 0, columnNumber: 0 }] });
}

function keep(objectId: string, place: string, callFrames: readonly Debugger.CallFrame[]): void {
  const frames: PausedFrame[] = [];
  const scopes: Runtime.CallArgument[] = [];
  for (const [index, frame] of callFrames.entries()) {
    const wanted = scopesOf(frame, index === 0);
    frames.push({ function: frame.functionName, url: urlOf(frame), line: frame.location.lineNumber + 1, column: (frame.location.columnNumber ?? 0) + 1, scopes: wanted.map((scope) => scope.type as FrameScope['type']) });
    for (const { object } of wanted) scopes.push(object.objectId === undefined ? { value: null } : { objectId: object.objectId });
  }
  handOver(objectId, [{ value: place }, { value: frames }, ...scopes]);
}

/** Has the paused thread look at what was thrown, then lets it go on. */
function handOver(objectId: string, args: Runtime.CallArgument[]): void {
  const call: Runtime.CallFunctionOnParameterType = {
    objectId,
    functionDeclaration: `function (...args) { return globalThis[Symbol.for(${JSON.stringify(KEEP)})]?.(this, ...args); }`,
    arguments: args,
    silent: true,
    returnByValue: true,
  };
  session.post('Runtime.callFunctionOn', call, (_, done) => {
    resume();
    if (done?.result?.value === 'stop') stop('a debugger is attached');
  });
}

function scopesOf(frame: Debugger.CallFrame, withModule: boolean): readonly Debugger.Scope[] {
  let closures = 0;
  return frame.scopeChain.filter(({ type }) => {
    switch (type) {
      case 'local':
      case 'block':
      case 'catch':
        return true;
      case 'closure':
        return ++closures <= MAX_CLOSURES;
      case 'module':
        return withModule;
      default:
        return false;
    }
  });
}

try {
  session.connectToMainThread();
  session.on('Debugger.paused', onPaused);
  session.on('Debugger.scriptParsed', ({ params }) => {
    if (params.url !== '' && !params.url.startsWith('node:')) urls.set(params.scriptId, params.url);
  });
  watchFor(windows.fromStart);
} catch (error) {
  tell({ off: error instanceof Error ? error.message : String(error) });
}

parentPort?.on('message', (message: WatcherMessage) => {
  if ('failed' in message) {
    if (message.failed !== undefined) noise.failed(message.failed);
    watchFor(windows.afterFailure);
    return;
  }
  session.disconnect();
  Atomics.store(message.end, 0, 1);
  Atomics.notify(message.end, 0);
});
