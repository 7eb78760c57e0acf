import type { Context } from '@deja/format';
import type { AppPlan } from './plan.js';

/** Time for a slow machine: the recorded duration several times over, and never less than this. */
const READY_AT_LEAST_MS = 30_000;
const TRIGGER_AT_LEAST_MS = 15_000;
/** Whatever durations a package claims. */
const AT_MOST_MS = 600_000;

/** How to start the application again, from what the recording says of its process. */
export function planApp(context: Context): AppPlan {
  const { process } = context;
  return {
    arguments: [...process.execArgv, ...process.argv],
    cwd: process.cwd,
    folder: installationOf(process.root),
    env: process.env,
    uid: process.uid ?? 0,
    node: { version: process.node, path: process.execPath },
    ready: context.listening.map(({ address, port }) => ({ address, port })),
    deadlines: {
      readyMs: Math.min(AT_MOST_MS, Math.max(READY_AT_LEAST_MS, 10 * (context.startMs ?? 0))),
      triggerMs: Math.min(AT_MOST_MS, TRIGGER_AT_LEAST_MS + 3 * Math.max(0, context.requests[0]?.ms ?? 0)),
    },
  };
}

/**
 * The folder that holds an application together with its dependencies: a published application that was installed
 * (`X/node_modules/server/…`) needs what lies beside it, so its folder is X.
 */
export function installationOf(root: string): string {
  const at = root.indexOf('/node_modules/');
  return at === -1 ? root : root.slice(0, at);
}
