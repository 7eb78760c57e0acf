import type { ChildProcess } from 'node:child_process';
import type { Duplex, Readable, Writable } from 'node:stream';
import { DejaError } from '@deja/format';
import type { GuestPlan, WarmUp } from '@deja/guest';
import { AgentClient } from './agent-client.js';
import type { SandboxName, SandboxSpec, StartedSandbox, StoppedSandbox } from './sandbox.js';

export interface Making {
  readonly name: SandboxName;
  /** The process whose end is the sandbox's. Unless `connect` says otherwise, its standard input and output carry the protocol. */
  readonly child: ChildProcess;
  /** Makes the connection that carries the protocol; given up when it takes too long or the sandbox ends. */
  readonly connect?: (ended: AbortSignal) => Promise<Duplex>;
  /** Waits until the agent is there. Default: until it says hello. */
  arrive?(client: AgentClient): Promise<void>;
  /** Where else its last words may come from. */
  readonly console?: Readable;
  readonly onLog: SandboxSpec['onLog'];
  /** Turns the plan's paths into the sandbox's own. */
  place(plan: GuestPlan): GuestPlan;
  /** Ends the sandbox for certain; called when its time has come, and before the host exits. */
  kill(): void;
  /** Ask the agent to end things itself before killing: where nothing else would end them. */
  readonly orderly: boolean;
  /** It could not be started: keeps what tells why, before it goes; the answer says where. */
  keepTraces?(): Promise<string>;
  /** Removes what is left when all processes are gone. */
  cleanUp?(): Promise<void>;
}

export interface ConnectedSandbox extends StartedSandbox {
  /** Has ready what plans of this kind need, before `apply`. */
  warm(what: WarmUp): Promise<void>;
}

const MAX_WORDS = 4000;
const PIPES_MS = 2000;

/**
 * Connects to the agent in a process just started.
 *
 * @throws DejaError DEJA_SANDBOX_FAILED with the last words of what was started
 */
export async function connectAgent(making: Making, began: number): Promise<ConnectedSandbox> {
  const { child, name, onLog } = making;
  let words = '';
  child.once('error', (error) => (words += error.message));
  for (const stream of [child.stderr, making.console]) stream?.on('data', (chunk: Buffer) => (words = (words + chunk.toString()).slice(-MAX_WORDS)));
  // Its pipes close when the last process inside is gone; but one that escaped must not hold us.
  const gone = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', () => resolve());
    child.once('exit', () => setTimeout(resolve, PIPES_MS).unref());
  });
  let client: AgentClient | undefined;
  const killAtExit = (): void => making.kill();
  process.once('exit', killAtExit);

  let stopped: Promise<StoppedSandbox> | null = null;
  const end = async (): Promise<StoppedSandbox> => {
    if (making.orderly) await client?.stop().catch(() => undefined);
    making.kill();
    await gone;
    process.off('exit', killAtExit);
    await making.cleanUp?.();
    return { name, lifeMs: performance.now() - began };
  };
  const stop = (): Promise<StoppedSandbox> => (stopped ??= end());

  try {
    const [from, to] = making.connect ? await connection(making.connect, gone, () => epitaph(child, words)) : pipesOf(child);
    const agent = (client = new AgentClient(from, to, { ...(onLog && { onLog }), epitaph: () => epitaph(child, words) }));
    await (making.arrive ? making.arrive(agent) : agent.ready());
    return {
      name,
      startMs: performance.now() - began,
      warm: (what) => agent.warm(what),
      apply: (plan) => agent.apply(making.place(plan)),
      start: () => agent.start(),
      trigger: () => agent.trigger(),
      dial: (host, port) => agent.dial(host, port),
      stop,
      [Symbol.asyncDispose]: async () => void (await stop()),
    };
  } catch (error) {
    const traces = await making.keepTraces?.();
    await stop();
    throw new DejaError('DEJA_SANDBOX_FAILED', `the sandbox '${name}' could not be started: ${(error as Error).message}`, {
      cause: error,
      hint: traces ?? '`deja doctor` tries every sandbox out; --sandbox chooses another.',
    });
  }
}

function pipesOf({ stdin, stdout }: ChildProcess): readonly [Readable, Writable] {
  if (!stdin || !stdout) throw new TypeError('the child of a sandbox needs pipes');
  return [stdout, stdin];
}

async function connection(connect: NonNullable<Making['connect']>, gone: Promise<void>, lastWords: () => string): Promise<readonly [Readable, Writable]> {
  const ended = new AbortController();
  void gone.then(() => ended.abort(new Error(lastWords() || 'it ended without a word')));
  const stream = await connect(ended.signal);
  return [stream, stream];
}

function epitaph(child: ChildProcess, words: string): string {
  // Of all that a kernel says when it gives up, this line tells why.
  const panic = /Kernel panic - not syncing: .*/.exec(words)?.[0];
  const end = child.exitCode !== null ? `exit code ${child.exitCode}` : child.signalCode !== null ? child.signalCode : '';
  return [end, panic ?? words.trim()].filter(Boolean).join(': ');
}
