import { spawn } from 'node:child_process';
import { join } from 'node:path';

export const DEJA = join(import.meta.dirname, '..', '..', 'packages', 'cli', 'bin', 'deja.js');

export interface DejaResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface DejaOptions {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  /** The Node that runs it. Default: the one that runs the tests. */
  readonly node?: string;
  /** Send a signal after this long. */
  readonly afterMs?: { readonly ms: number; readonly signal: NodeJS.Signals };
  /** Called with what was printed so far, and with a way to send a signal. */
  readonly onOutput?: (stdout: string, kill: (signal: NodeJS.Signals) => void) => void;
  /** The same of what was said to the user. */
  readonly onMessages?: (stderr: string, kill: (signal: NodeJS.Signals) => void) => void;
}

/** Runs the built command line as its user would, without colours. */
export function deja(args: readonly string[], options: DejaOptions): Promise<DejaResult> {
  const env = { ...process.env, NO_COLOR: '1', NODE_OPTIONS: undefined, npm_command: undefined, DEJA_OUT: undefined, ...options.env };
  const child = spawn(options.node ?? process.execPath, [DEJA, ...args], { cwd: options.cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stderr.on('data', (bytes: Buffer) => {
    stderr += bytes.toString();
    options.onMessages?.(stderr, (signal) => child.kill(signal));
  });
  child.stdout.on('data', (bytes: Buffer) => {
    stdout += bytes.toString();
    options.onOutput?.(stdout, (signal) => child.kill(signal));
  });
  const { afterMs } = options;
  if (afterMs) setTimeout(() => child.kill(afterMs.signal), afterMs.ms);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}
