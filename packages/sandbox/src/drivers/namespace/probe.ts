import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import type { ProbeResult } from '../../sandbox.js';
import { bubblewrapProbe } from './bubblewrap.js';
import { SYSTEM_PATH } from '../../layout/system-path.js';
import type { Launcher } from './launcher.js';
import { unshareProbe } from './unshare.js';

const PROBE_LIMIT_MS = 5000;

interface Probed {
  readonly launcher: Launcher | null;
  readonly result: ProbeResult;
}

let probed: Promise<Probed> | null = null;

/** The first launcher that works here, tried for real; once per process. */
export function probeLaunchers(): Promise<Probed> {
  return (probed ??= tryAll());
}

async function tryAll(): Promise<Probed> {
  if (process.platform !== 'linux') return { launcher: null, result: { works: false, reason: `namespaces are a part of Linux, this is ${process.platform}` } };
  const began = performance.now();
  const bubblewrap = await tryOut('bwrap', bubblewrapProbe());
  if (bubblewrap === null) return works('bubblewrap', began);
  const unshare = await tryOut('setpriv', unshareProbe());
  if (unshare === null) return works('unshare', began);
  return { launcher: null, result: { works: false, reason: `bubblewrap: ${bubblewrap}; unshare: ${unshare}`, cure: cure() } };
}

function works(launcher: Launcher, began: number): Probed {
  return { launcher, result: { works: true, how: `by ${launcher}`, ms: performance.now() - began } };
}

function cure(): string {
  const setting = '/proc/sys/kernel/apparmor_restrict_unprivileged_userns';
  if (existsSync(setting) && readFileSync(setting, 'utf8').trim() === '1') {
    return 'This system lets only root make user namespaces: run as root, or set kernel.apparmor_restrict_unprivileged_userns=0.';
  }
  return 'Install bubblewrap (Debian: apt-get install bubblewrap); inside a container, allow user namespaces (--privileged, or a seccomp profile that does).';
}

/** Null: it works. Otherwise why it does not. */
export async function tryOut(program: string, args: readonly string[]): Promise<string | null> {
  return await new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { PATH: SYSTEM_PATH }, cwd: '/', timeout: PROBE_LIMIT_MS, killSignal: 'SIGKILL' });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.on('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ENOENT' ? `${program} is not installed` : error.message));
    child.on('close', (code, signal) => resolve(code === 0 ? null : said.trim().split('\n').at(-1) || `${program} ended with ${code ?? signal}`));
  });
}
