import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { DejaError } from '@deja/format';

export interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'];

/**
 * Runs a command in the place of this process: same terminal, same signals. `stdout` says where its standard output goes.
 * Throws DEJA_COMMAND_MISSING when it cannot be started.
 */
export function runChild(command: string, args: readonly string[], env: NodeJS.ProcessEnv, stdout: 'inherit' | 'stderr'): Promise<ChildEnd> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, stdio: ['inherit', stdout === 'stderr' ? 2 : 'inherit', 'inherit'] });
    const forwards = SIGNALS.map((signal) => {
      // At a terminal the child has got Ctrl-C as well: twice would mean "at once" to many programs.
      const forward = () => void (signal === 'SIGINT' && process.stdin.isTTY ? false : child.kill(signal));
      process.on(signal, forward);
      return () => process.off(signal, forward);
    });
    const settle = () => {
      for (const stop of forwards) stop();
    };
    child.once('error', (error: NodeJS.ErrnoException) => {
      settle();
      reject(cannotStart(command, error));
    });
    child.once('exit', (code, signal) => {
      settle();
      resolve({ code, signal });
    });
  });
}

/** The exit code that passes on how the child ended; a signal is passed on by dying of it, as shells expect. */
export function endLike({ code, signal }: ChildEnd): number {
  if (signal === null) return code ?? 0;
  // Not at once: what was printed last has to be out.
  setImmediate(() => process.kill(process.pid, signal));
  return 128 + constants.signals[signal];
}

function cannotStart(command: string, error: NodeJS.ErrnoException): DejaError {
  if (error.code === 'ENOENT') {
    return new DejaError('DEJA_COMMAND_MISSING', `${command}: there is no such command on PATH`, { hint: 'Write it as you would start the service without Deja: deja run -- npm start', cause: error });
  }
  return new DejaError('DEJA_COMMAND_MISSING', `${command} cannot be started: ${error.message}`, { cause: error });
}
