import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { DEJA, deja } from './deja.ts';

/** As `deja … --json`: the document and the exit code. */
export async function dejaJson<T>(args: readonly string[], cwd: string): Promise<{ readonly code: number | null; readonly document: T; readonly stderr: string }> {
  const { code, stdout, stderr } = await deja([...args, '--json'], { cwd });
  try {
    return { code, document: JSON.parse(stdout) as T, stderr };
  } catch {
    throw new Error(`deja ${args.join(' ')} --json printed no JSON (exit ${code}):\n${stdout}\n${stderr}`);
  }
}

export interface RunningService extends AsyncDisposable {
  readonly output: () => string;
  /** Waits until this shows in the output of the service or of `deja run`. */
  says(text: string): Promise<void>;
  /** Ends the service and waits for `deja run` to end. */
  stop(): Promise<number | null>;
}

export interface RunOptions {
  readonly out: string;
  /** The service is ready when this shows in its output. */
  readonly ready: string;
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Less than the tests' own limit, so that it is said what was waited for. */
const WITHIN_MS = 45_000;

/** `deja run --out DIR -- COMMAND…` */
export async function dejaRun(command: readonly string[], options: RunOptions): Promise<RunningService> {
  const child = spawn(process.execPath, [DEJA, 'run', '--out', options.out, '--', ...command], {
    cwd: options.cwd, env: { ...process.env, NO_COLOR: '1', ...options.env }, stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => (output += bytes.toString()));
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  const stop = async (): Promise<number | null> => {
    if (child.exitCode === null) child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), WITHIN_MS);
    const [code, signal] = await closed;
    clearTimeout(late);
    if (signal === 'SIGKILL') throw new Error(`the service did not end within ${WITHIN_MS} ms of SIGTERM:\n${output}`);
    return code;
  };
  const says = async (text: string): Promise<void> => {
    const deadline = Date.now() + WITHIN_MS;
    while (!output.includes(text)) {
      if (child.exitCode !== null || Date.now() > deadline) {
        child.kill('SIGKILL');
        throw new Error(`the service never said "${text}":\n${output}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  await says(options.ready);
  return { output: () => output, says, stop, [Symbol.asyncDispose]: async () => void (await stop()) };
}
