import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../../../../packages/cli/bin/deja.js', import.meta.url));

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
  /** Called with every line that it writes to standard error. */
  readonly onLine?: (line: string) => void;
}

/** Starts `deja …` as a user would. */
export function startDeja(args: readonly string[], options: CommandOptions = {}): ChildProcess {
  const child = spawn(process.execPath, [BIN, ...args], { env: options.env ?? process.env, stdio: ['ignore', 'pipe', 'pipe'] });
  options.signal?.addEventListener('abort', () => child.kill('SIGINT'), { once: true });
  return child;
}

/** Runs `deja …` to its end. Any exit code is a result. */
export function runDeja(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const child = startDeja(args, options);
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  if (options.onLine && child.stderr) onLines(child.stderr, options.onLine);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}

export function onLines(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  let rest = '';
  stream.on('data', (text: Buffer | string) => {
    const lines = (rest + text.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  });
}
