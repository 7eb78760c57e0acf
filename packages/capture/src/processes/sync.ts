import childProcess, { type SpawnSyncReturns } from 'node:child_process';
import { guarded } from '../core/guard.js';
import type { Recorder } from '../core/recorder.js';
import { method, override } from '../http/patch.js';
import { bytesOf } from '../net/tap-socket.js';
import type { ProgramAnswers } from './answers.js';
import type { SpawnOptions } from './asked-program.js';
import { type AskedProgram, LiveProcess } from './process-event.js';

type Asked = { readonly asked: AskedProgram; readonly options: SpawnOptions } | null;
type Name = 'spawnSync' | 'execFileSync' | 'execSync';
type Returned = Partial<SpawnSyncReturns<string | Buffer>>;

/** A function that runs a program and stands still meanwhile. */
export function followSync(name: Name, read: (args: readonly unknown[]) => Asked, recorder: Recorder, cap: number, answers: ProgramAnswers | null): Disposable {
  const original = method(childProcess, name);
  const begin = guarded(name, (args: readonly unknown[]) => {
    const found = read(args);
    if (found === null) return null;
    const event = new LiveProcess(found.asked, cap);
    if (event.begin(recorder)) event.given(found.options.input);
    return { ...found, event };
  }, null);
  const ended = guarded(`${name}'s end`, (event: LiveProcess, result: Returned) => {
    for (const from of ['stdout', 'stderr'] as const) {
      const bytes = bytesOf(result[from]);
      if (bytes) event.said(from, bytes);
    }
    // What took too long was started all the same.
    if (result.error && (result.status ?? null) === null && !result.signal) event.failed(result.error);
    else event.exited(result.status ?? null, result.signal ?? null);
    event.over();
  }, undefined);
  const run = (self: unknown, args: readonly unknown[], begun: NonNullable<Asked>): unknown =>
    answers ? answers.runSync(name, begun.asked, begun.options) : original.apply(self, [...args]);
  return override(childProcess, name, Object.defineProperty(function followed(this: unknown, ...args: unknown[]) {
    const begun = begin(args);
    if (!begun) return original.apply(this, args);
    try {
      const result = run(this, args, begun);
      ended(begun.event, name === 'spawnSync' ? (result as Returned) : { status: 0, signal: null, ...(result === null ? {} : { stdout: result as string }) });
      return result;
    } catch (error) {
      ended(begun.event, thrown(error));
      throw error;
    }
  }, 'name', { value: name }));
}

/** The errors of `execSync` and `execFileSync` carry what `spawnSync` returns. */
function thrown(error: unknown): Returned {
  const { status, signal, stdout, stderr, code } = error as Returned & { readonly code?: unknown };
  return { ...(stdout ? { stdout } : {}), ...(stderr ? { stderr } : {}), status: status ?? null, signal: signal ?? null, ...(code === undefined ? {} : { error: error as Error }) };
}
