import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { DejaError } from '@deja/format';
import type { GuestPlan } from '@deja/guest';
import { AgentClient } from './agent-client.js';
import type { SandboxName, SandboxSpec, StartedSandbox, StoppedSandbox } from './sandbox.js';

export interface Making {
  readonly name: SandboxName;
  /** The process whose standard input and output carry the protocol, and whose end is the sandbox's. */
  readonly child: ChildProcess;
  /** The agent was given this plan before: the machine goes on from there. */
  readonly applied?: GuestPlan;
  /** Where else its last words may come from. */
  readonly console?: Readable;
  readonly onLog: SandboxSpec['onLog'];
  /** Turns the plan's paths into the sandbox's own. */
  place(plan: GuestPlan): GuestPlan;
  /** Ends the sandbox for certain; called when its time has come, and before the host exits. */
  kill(): void;
  /** Ask the agent to end things itself before killing: where nothing else would end them. */
  readonly orderly: boolean;
  /** Removes what is left when all processes are gone. */
  cleanUp?(): Promise<void>;
}

const MAX_WORDS = 4000;
const PIPES_MS = 2000;

/**
 * Connects to the agent in a process just started.
 *
 * @throws DejaError DEJA_SANDBOX_FAILED with the last words of what was started
 */
export async function connectAgent(making: Making, began: number): Promise<StartedSandbox> {
  const { child, name, onLog } = making;
  if (!child.stdin || !child.stdout || !child.stderr) throw new TypeError('the child of a sandbox needs pipes');
  // Its pipes close when the last process inside is gone; but one that escaped must not hold us.
  const gone = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', () => resolve());
    child.once('exit', () => setTimeout(resolve, PIPES_MS).unref());
  });
  let words = '';
  child.once('error', (error) => (words += error.message));
  for (const stream of [child.stderr, making.console]) stream?.on('data', (chunk: Buffer) => (words = (words + chunk.toString()).slice(-MAX_WORDS)));
  const client = new AgentClient(child.stdout, child.stdin, { ...(onLog && { onLog }), epitaph: () => epitaph(child, words) });
  const killAtExit = (): void => making.kill();
  process.once('exit', killAtExit);

  let stopped: Promise<StoppedSandbox> | null = null;
  const end = async (): Promise<StoppedSandbox> => {
    if (making.orderly) await client.stop().catch(() => undefined);
    making.kill();
    await gone;
    process.off('exit', killAtExit);
    await making.cleanUp?.();
    return { name, lifeMs: performance.now() - began };
  };
  const stop = (): Promise<StoppedSandbox> => (stopped ??= end());

  try {
    if (making.applied) client.goOn(making.applied);
    else await client.ready();
  } catch (error) {
    await stop();
    throw new DejaError('DEJA_SANDBOX_FAILED', `the sandbox '${name}' could not be started: ${(error as Error).message}`, {
      cause: error,
      hint: '`deja doctor` tries every sandbox out; --sandbox chooses another.',
    });
  }
  return {
    name,
    startMs: performance.now() - began,
    apply: (plan) => client.apply(making.place(plan)),
    start: () => client.start(),
    trigger: () => client.trigger(),
    stop,
    [Symbol.asyncDispose]: async () => void (await stop()),
  };
}

function epitaph(child: ChildProcess, words: string): string {
  const end = child.exitCode !== null ? `exit code ${child.exitCode}` : child.signalCode !== null ? child.signalCode : '';
  return [end, words.trim()].filter(Boolean).join(': ');
}
