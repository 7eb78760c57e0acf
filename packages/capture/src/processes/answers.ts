import childProcess, { type SpawnSyncOptions, type SpawnSyncReturns } from 'node:child_process';
import type { ProcessAnswer } from '@deja/format';
import type { SpawnOptions } from './asked-program.js';
import type { AskedProgram } from './process-event.js';
import { STAND_IN } from './stand-in.js';

type Returned = SpawnSyncReturns<string | Buffer>;

interface Led {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Paths of which starting something fails with the recorded error; the child then tells of the program that was asked for. */
const CANNOT_START: Readonly<Record<string, string>> = { EACCES: '/dev/null' };
const MISSING = '/.deja/no-such-program';

/**
 * Recorded programs are not run in a replay: a stand-in takes their place, in the application's own calls, so that everything that Node does around a program is real.
 * Each answer is given once, in recorded order, unless it may repeat.
 */
export class ProgramAnswers {
  readonly #answers: readonly ProcessAnswer[];
  readonly #replay: string;
  readonly #given = new Set<ProcessAnswer>();
  /** Before it is hooked. */
  readonly #spawnSync = childProcess.spawnSync;

  /** `replay`: file with the instructions, of which these are the answers. */
  constructor(answers: readonly ProcessAnswer[], replay: string) {
    this.#answers = answers;
    this.#replay = replay;
  }

  /** What shall be started instead, for `ChildProcess.spawn`. */
  lead(asked: AskedProgram, options: SpawnOptions): SpawnOptions {
    const { file, args, env } = this.#led(asked);
    const { cwd: _cwd, uid: _uid, gid: _gid, ...rest } = options as SpawnOptions & { readonly uid?: unknown; readonly gid?: unknown };
    return { ...rest, file, args: [file, ...args], envPairs: Object.entries(env).map(([name, value]) => `${name}=${value}`) };
  }

  /** As the function of this name, with a stand-in. */
  runSync(name: 'spawnSync' | 'execFileSync' | 'execSync', asked: AskedProgram, options: SpawnOptions): unknown {
    const { file, args, env } = this.#led(asked);
    const { cwd: _cwd, shell: _shell, uid: _uid, gid: _gid, ...rest } = options as SpawnOptions & { readonly uid?: unknown; readonly gid?: unknown };
    const result = this.#spawnSync(file, args, { ...(rest as SpawnSyncOptions), env });
    if (result.error) asThoughOf(asked, result.error);
    if (name === 'spawnSync') return result;
    if (options.stdio === undefined && result.stderr) process.stderr.write(result.stderr);
    if (result.error) throw Object.assign(result.error, result);
    if (result.status !== 0) throw failure(name === 'execSync' ? (asked.args[1] ?? '') : [asked.file, ...asked.args].join(' '), result);
    return result.stdout;
  }

  #led(asked: AskedProgram): Led {
    const answer = this.#take(asked);
    if (answer?.error !== undefined) return { file: CANNOT_START[answer.error] ?? MISSING, args: [], env: {} };
    const said = [asked.file, ...asked.args].join(' ');
    const env = { DEJA_REPLAY: this.#replay, DEJA_ANSWER: String(answer ? this.#answers.indexOf(answer) : -1), DEJA_ASKED: said.slice(0, 1000), DEJA_BEGAN: String(performance.timeOrigin + performance.now()) };
    return { file: process.execPath, args: ['-e', STAND_IN], env };
  }

  #take({ file, args }: AskedProgram): ProcessAnswer | undefined {
    const words = [file, ...args];
    const fitting = this.#answers.filter(({ command }) => command.length === words.length && command.every((pattern, index) => new RegExp(`^(?:${pattern})$`, 's').test(words[index] ?? '')));
    const answer = fitting.find((one) => !this.#given.has(one)) ?? fitting.findLast(({ repeat }) => repeat);
    if (answer) this.#given.add(answer);
    return answer;
  }
}

/** As Node says it. */
function failure(command: string, result: Returned): Error {
  const stderr = result.stderr && result.stderr.length > 0 ? `\n${result.stderr.toString()}` : '';
  return Object.assign(new Error(`Command failed: ${command}${stderr}`), result);
}

function asThoughOf({ file, args }: AskedProgram, error: Error): void {
  const known = error as Error & { path?: string; syscall?: string; spawnargs?: readonly string[] };
  if (known.path === undefined) return;
  known.message = known.message.replaceAll(known.path, file);
  known.syscall = `spawnSync ${file}`;
  known.path = file;
  known.spawnargs = args;
}
