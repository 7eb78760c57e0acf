import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const PATIENCE_MS = 10_000;

/** Runs a program and gives what it printed, or the one line that says why it does not run. */
export async function runs(program: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<{ readonly printed: string } | { readonly why: string }> {
  try {
    const { stdout, stderr } = await execute(program, [...args], { env, timeout: PATIENCE_MS });
    return { printed: (stdout || stderr).trim() };
  } catch (error) {
    const { code, stderr = '', message } = error as NodeJS.ErrnoException & { readonly stderr?: string };
    if (code === 'ENOENT') return { why: 'not installed' };
    return { why: stderr.trim().split('\n').at(-1) || (message.split('\n', 1)[0] ?? 'failed') };
  }
}

/** The command that installs a Debian package, as far as this machine is one. */
export function aptInstall(name: string): string {
  return `apt-get install -y ${name} (Debian, Ubuntu; elsewhere the package of the same program)`;
}
