import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { appRoot, groupOf, inAppRoot } from './app-root.js';
import { putUnderBounds } from './bounds.js';
import { AgentError } from './failure.js';
import { oomKills } from './oom.js';
import type { AppOutput } from './output.js';
import type { GuestPlan } from './plan.js';
import type { AppEnd } from './protocol.js';

/** The application's process, and every process that it starts in its group. */
export interface RunningApp {
  /** Undefined: it could not be started. */
  readonly pid: number | undefined;
  /** How it ended; null while it runs. */
  readonly end: AppEnd | null;
  /** Resolves when it ended and its output was read. */
  readonly ended: Promise<AppEnd>;
  kill(): void;
}

/**
 * What root may do in a container. Above all no mounting: read-only places of the sandbox would not stay read-only, and the kernel's
 * settings below /proc/sys are the whole machine's.
 */
const CAPABILITIES = ['chown', 'dac_override', 'fowner', 'fsetid', 'kill', 'setgid', 'setuid', 'setpcap', 'net_bind_service', 'net_raw', 'sys_chroot', 'setfcap', 'audit_write'];
const BOUNDED = ['setpriv', '--bounding-set', ['-all', ...CAPABILITIES.map((name) => `+${name}`)].join(','), '--inh-caps', '-all', '--ambient-caps', '-all', '--'];

/** An application that left its output open to a child is not waited for any longer than this. */
const OUTPUT_GRACE_MS = 100;

/**
 * @throws AgentError DEJA_NO_START_COMMAND: there is nothing to run, or it is not there.
 */
export function startApp(plan: GuestPlan, env: Readonly<Record<string, string>>, output: AppOutput): RunningApp {
  const command = startCommand(plan);
  const oomBefore = oomKills();
  const [file = '', ...args] = command;
  // A group of its own: all of it is killed at the end.
  const child = spawn(file, args, { cwd: appRoot() === undefined ? plan.app.cwd : '/', env: { ...env }, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  if (plan.network.mode === 'isolated' && child.pid !== undefined) putUnderBounds(child.pid);
  child.stdout.on('data', (chunk: Buffer) => output.push('stdout', chunk));
  child.stderr.on('data', (chunk: Buffer) => output.push('stderr', chunk));
  let end: AppEnd | null = null;
  const ended = endOf(child, oomBefore).then((how) => (end = how));
  return {
    pid: child.pid,
    get end() {
      return end;
    },
    ended,
    kill: () => killGroup(child.pid),
  };
}

function endOf(child: ChildProcess, oomBefore: number): Promise<AppEnd> {
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ kind: 'never-started', message: error.message }));
    child.on('exit', (code, signal) => {
      const end = howItEnded(code, signal, oomBefore);
      const grace = setTimeout(() => resolve(end), OUTPUT_GRACE_MS);
      child.on('close', () => {
        clearTimeout(grace);
        resolve(end);
      });
    });
  });
}

function howItEnded(code: number | null, signal: NodeJS.Signals | null, oomBefore: number): AppEnd {
  if (signal === null) return { kind: 'exited', code: code ?? 0 };
  if (signal === 'SIGKILL' && oomKills() > oomBefore) return { kind: 'oom-killed' };
  return { kind: 'signalled', signal };
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody is left in the group.
  }
}

function startCommand({ app, network }: GuestPlan): readonly string[] {
  const [program, ...given] = app.command;
  const args = app.inspectPort === undefined ? given : [`--inspect-brk=127.0.0.1:${app.inspectPort}`, ...given];
  if (program === undefined || program === '') {
    throw new AgentError('DEJA_NO_START_COMMAND', 'the plan has no command that starts the application', {
      hint: 'Set app.command in the plan to what starts the service, for example ["node", "server.js"].',
    });
  }
  if (!existsSync(inAppRoot(app.cwd))) {
    throw new AgentError('DEJA_NO_START_COMMAND', `the folder in which the application shall start, ${app.cwd}, does not exist here`, {
      hint: 'Point --app at the folder of the application.',
    });
  }
  const file = findProgram(program, app.cwd, app.env.PATH);
  if (file === null) {
    throw new AgentError('DEJA_NO_START_COMMAND', `the command that starts the application, ${program}, does not exist here`, {
      hint: 'Change app.command in the plan, or install the program.',
    });
  }
  if (network.mode !== 'isolated') return [file, ...args];
  const root = appRoot();
  if (root !== undefined) return [...BOUNDED, 'unshare', `--root=${root}`, `--wd=${app.cwd}`, `--setgid=${groupOf(app.uid)}`, `--setuid=${app.uid}`, '--', file, ...args];
  if (app.uid === 0) return [...BOUNDED, file, ...args];
  // The sandbox has one user only; a nested user namespace shows it to the application under its recorded number.
  return [...BOUNDED, 'unshare', '--user', `--map-user=${app.uid}`, `--map-group=${app.uid}`, '--', file, ...args];
}

function findProgram(program: string, cwd: string, path = '/usr/local/bin:/usr/bin:/bin'): string | null {
  const candidates = program.includes('/') ? [resolve(cwd, program)] : path.split(delimiter).map((folder) => join(folder, program));
  return candidates.find(isExecutable) ?? null;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(inAppRoot(file), constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
