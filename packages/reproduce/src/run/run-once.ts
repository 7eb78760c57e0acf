import type { ErrorPackage } from '@deja/format';
import { readPackage } from '@deja/format/node';
import type { GuestPlan } from '@deja/guest';
import type { StartedSandbox, Triggered } from '@deja/sandbox';
import type { Replay } from '../compare/judge.js';
import { type Address, openDoor } from './door.js';

/** Where the time of a run went, in milliseconds. */
export interface RunTimes {
  /** Sandbox from nothing until its agent answered. */
  readonly start: number;
  /** Fixtures, stubs, names. */
  readonly apply: number;
  /** The application's own start, until it accepted connections. */
  readonly app: number;
  /** From the application's start until the trigger could be fired, beyond its own time. */
  readonly ready: number;
  /** From the trigger until all was observed. */
  readonly trigger: number;
  readonly total: number;
}

export interface CompletedRun {
  readonly ms: RunTimes;
  readonly replay: Replay;
}

/** Everything is observed, and the sandbox is still there. */
export interface LiveRun extends CompletedRun, AsyncDisposable {
  readonly sandbox: StartedSandbox;
}

export interface RunOptions {
  readonly signal?: AbortSignal | undefined;
  readonly inspect?: Inspect | undefined;
}

/** The application waits for a debugger, which finds it at this port of this machine's loopback (0: any free one). */
export interface Inspect {
  readonly port: number;
  onWaiting(at: Address): void;
}

/** One run in a disposable sandbox, which ends with it when it fails; aborting ends it early. Throws what the sandbox throws. */
export async function runOnce(starting: Promise<StartedSandbox>, plan: GuestPlan, { signal, inspect }: RunOptions): Promise<LiveRun> {
  await using parts = new AsyncDisposableStack();
  const started = parts.use(await starting);
  const began = performance.now();
  const abort = () => void started.stop();
  signal?.addEventListener('abort', abort, { once: true });
  parts.defer(() => signal?.removeEventListener('abort', abort));
  const applied = await started.apply(plan);
  if (inspect && plan.app.inspectPort !== undefined) inspect.onWaiting(parts.use(await openDoor(started, { address: '127.0.0.1', port: plan.app.inspectPort }, inspect.port)).at);
  const beforeApp = performance.now();
  const app = await started.start();
  const appSeen = performance.now() - beforeApp;
  const triggered = await started.trigger();
  const replay = { observation: triggered.observation, replayed: await failingRequest(triggered) };
  const ms = {
    start: round(started.startMs),
    apply: round(applied.ms),
    app: round(app.ms),
    ready: round(Math.max(0, appSeen - app.ms)),
    trigger: round(triggered.ms),
    total: round(started.startMs + performance.now() - began),
  };
  const live = parts.move();
  return { ms, replay, sandbox: started, [Symbol.asyncDispose]: () => live.disposeAsync() };
}

/** The package about the recorded failing request, or about a start that failed. */
async function failingRequest({ packages }: Triggered): Promise<ErrorPackage | null> {
  const written = packages.findLast(({ name }) => name === 'request-0.deja') ?? packages.findLast(({ name }) => name === 'start.deja');
  return written ? await readPackage(written.bytes) : null;
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
