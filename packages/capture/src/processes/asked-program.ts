import type { AskedProgram } from './process-event.js';

/** What `ChildProcess` is told, by Node's own functions. */
export interface SpawnOptions {
  readonly file?: unknown;
  readonly args?: unknown;
  readonly cwd?: unknown;
  readonly env?: unknown;
  readonly envPairs?: unknown;
  readonly stdio?: unknown;
  readonly shell?: unknown;
  readonly input?: unknown;
}

/** Null: this is no program to be told of, but a fork with a channel, or nothing that can be started. */
export function askedOfSpawn(options: SpawnOptions): AskedProgram | null {
  const { file, args, stdio } = options;
  if (typeof file !== 'string' || file === '' || (Array.isArray(stdio) && stdio.includes('ipc'))) return null;
  return { file, args: texts(args).slice(1), ...place(options), sync: false };
}

/** The arguments of `spawnSync` and `execFileSync`. */
export function askedOfSync(args: readonly unknown[]): { readonly asked: AskedProgram; readonly options: SpawnOptions } | null {
  const [file, second, third] = args;
  if (typeof file !== 'string' || file === '') return null;
  const options = optionsOf(Array.isArray(second) || second === undefined || second === null ? third : second);
  const words = texts(second);
  return { asked: { ...(options.shell ? inShell([file, ...words].join(' '), options.shell) : { file, args: words }), ...place(options), sync: true }, options };
}

/** The arguments of `execSync`. */
export function askedOfExec([command, given]: readonly unknown[]): { readonly asked: AskedProgram; readonly options: SpawnOptions } | null {
  if (typeof command !== 'string' || command === '') return null;
  const options = optionsOf(given);
  return { asked: { ...inShell(command, options.shell), ...place(options), sync: true }, options };
}

function inShell(command: string, shell: unknown): Pick<AskedProgram, 'file' | 'args'> {
  return { file: typeof shell === 'string' ? shell : '/bin/sh', args: ['-c', command] };
}

function place({ cwd, env }: SpawnOptions): Pick<AskedProgram, 'cwd' | 'env'> {
  const own = typeof env === 'object' && env !== null && env !== process.env;
  return {
    cwd: cwd instanceof URL ? cwd.pathname : typeof cwd === 'string' ? cwd : undefined,
    env: own ? Object.keys(env).filter((name) => !name.startsWith('DEJA_')).toSorted() : undefined,
  };
}

function optionsOf(value: unknown): SpawnOptions {
  return typeof value === 'object' && value !== null ? value : {};
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
