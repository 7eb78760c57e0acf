import { spawn } from 'node:child_process';
import { AGENT_ENTRY } from '@deja/guest';
import type { GuestPlan } from '@deja/guest';
import { connectAgent } from '../../started.js';
import { replacePrefix } from '../../paths.js';
import type { Driver, SandboxSpec } from '../../sandbox.js';
import { ownCopy } from './own-copy.js';

/** The agent as a plain process: works everywhere, isolates nothing. */
export const processDriver: Driver = {
  name: 'process',
  isolation: 'none',
  description: 'a plain process: the preload redirects connections to stubs, but NOTHING ISOLATES the application from this machine, its files and its network',
  probe: async () => ({ works: true, how: 'needs nothing', ms: 0 }),

  async start(spec) {
    const began = performance.now();
    const copy = spec.image && ownCopy(spec);
    const child = spawn(process.execPath, [AGENT_ENTRY], { stdio: ['pipe', 'pipe', 'pipe'], env: agentEnvironment(), detached: true });
    return await connectAgent(
      {
        name: 'process',
        child,
        onLog: spec.onLog,
        place: (plan) => placeHere(plan, { ...spec, ...(copy && { app: copy.app }) }),
        kill: () => child.kill('SIGKILL'),
        orderly: true,
        ...(copy && { cleanUp: () => copy.remove() }),
      },
      began,
    );
  },
};

/** Nothing of the host's environment reaches the agent or, through it, the application, beyond finding programs and temporary files. */
function agentEnvironment(): NodeJS.ProcessEnv {
  const { PATH, TMPDIR, TEMP, SystemRoot } = process.env;
  return { PATH, ...(TMPDIR !== undefined && { TMPDIR }), ...(TEMP !== undefined && { TEMP }), ...(SystemRoot !== undefined && { SystemRoot }) };
}

/** Without a file system of its own the application runs where it lies, not where it was recorded. */
function placeHere(plan: GuestPlan, { app, node }: SandboxSpec): GuestPlan {
  const here = (path: string): string => (path === node.at ? node.from : replacePrefix(path, app.at, app.from));
  return {
    ...plan,
    network: { ...plan.network, mode: 'redirected' },
    databases: plan.databases.map((database) => (database.engine.kind === 'sqlite' ? { ...database, engine: { ...database.engine, file: here(database.engine.file) } } : database)),
    app: { ...plan.app, cwd: here(plan.app.cwd), command: plan.app.command.map(here) },
  };
}
