import childProcess, { type ChildProcess } from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';
import type { Socket } from 'node:net';
import { guarded } from '../core/guard.js';
import type { Recorder } from '../core/recorder.js';
import { method, override, together } from '../http/patch.js';
import { bytesOf, tapSocket } from '../net/tap-socket.js';
import { askedOfExec, askedOfSpawn, askedOfSync, type SpawnOptions } from './asked-program.js';
import type { ProgramAnswers } from './answers.js';
import { LiveProcess } from './process-event.js';
import { followSync } from './sync.js';

/**
 * Programs that the application starts. All of Node's functions that go on meanwhile meet in `ChildProcess.spawn`; those that stand still are followed one by one.
 * @param answers of a replay: recorded programs are not run
 */
export function installProcesses(recorder: Recorder, cap: number, answers: ProgramAnswers | null): Disposable {
  const begin = guarded('programs', (options: SpawnOptions) => {
    const asked = askedOfSpawn(options);
    if (asked === null) return null;
    const event = new LiveProcess(asked, cap);
    return { asked, event: event.begin(recorder) ? event : null };
  }, null);
  const follow = guarded('programs under way', followChild, undefined);
  // Not among the public types, but what all of Node's own functions call.
  const prototype = childProcess.ChildProcess.prototype as ChildProcess & { spawn: unknown };
  const spawn = method(prototype, 'spawn');
  const parts = [
    override(prototype, 'spawn', function spawned(this: ChildProcess, ...args: unknown[]) {
      const options = args[0] as SpawnOptions;
      const begun = typeof options === 'object' && options !== null ? begin(options) : null;
      const led = begun && answers ? answers.lead(begun.asked, options) : options;
      const result = spawn.call(this, led);
      if (begun && led !== options) Object.assign(this, { spawnfile: options.file, spawnargs: options.args });
      if (begun?.event) follow(this, begun.event);
      return result;
    }),
    followSync('spawnSync', askedOfSync, recorder, cap, answers),
    followSync('execFileSync', askedOfSync, recorder, cap, answers),
    followSync('execSync', askedOfExec, recorder, cap, answers),
  ];
  syncBuiltinESMExports();
  return together([{ [Symbol.dispose]: () => syncBuiltinESMExports() }, ...parts]);
}

function followChild(child: ChildProcess, event: LiveProcess): void {
  const taps = (['stdout', 'stderr'] as const).flatMap((from) => {
    const stream = child[from];
    if (!stream) return [];
    return [tapSocket(stream as Socket, { add: (_, chunk) => said(event, from, chunk), happened: () => undefined }, 'outputs of programs')];
  });
  if (child.stdin) taps.push(tapSocket(child.stdin as Socket, { add: (_, chunk, encoding) => event.given(chunk, encoding), happened: () => undefined }, 'inputs of programs'));
  const emit = method(child, 'emit');
  const told = guarded('ends of programs', (name: unknown, first: unknown, second: unknown) => {
    if (name === 'exit') event.exited(typeof first === 'number' ? first : null, typeof second === 'string' ? second : null);
    if (name === 'error') event.failed(first);
    if (name !== 'close' && !(name === 'error' && child.pid === undefined)) return;
    for (const tap of taps.splice(0)) tap[Symbol.dispose]();
    event.over();
  }, undefined);
  override(child, 'emit', function emitted(this: ChildProcess, ...args: unknown[]) {
    told(args[0], args[1], args[2]);
    return emit.apply(this, args);
  });
}

function said(event: LiveProcess, from: 'stdout' | 'stderr', chunk: unknown): void {
  const bytes = bytesOf(chunk);
  if (bytes) event.said(from, bytes);
}
