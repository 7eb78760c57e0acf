import { spawn } from 'node:child_process';
import { connectAgent } from '../../started.js';
import type { Driver } from '../../sandbox.js';
import { bubblewrapArguments } from './bubblewrap.js';
import { SYSTEM_PATH } from '../../layout/system-path.js';
import type { Launcher } from './launcher.js';
import { layoutOf } from '../../layout/layout.js';
import { placeOwnParts } from '../../layout/place.js';
import type { Layout } from '../../layout/layout.js';
import { probeLaunchers } from './probe.js';
import { unshareArguments } from './unshare.js';

/** Own user, mount, process, network, IPC and host-name namespaces; this machine's kernel. */
export const namespaceDriver: Driver = {
  name: 'namespace',
  isolation: 'namespaces',
  description: 'namespaces of its own for files, processes and network: only loopback and stubs are reachable, and only the application can be seen',
  probe: async () => (await probeLaunchers()).result,

  async start(spec) {
    const { launcher } = await probeLaunchers();
    return await startIn(launcher ?? 'bubblewrap', spec);
  },
};

/** Starts the sandbox by a given launcher. */
export async function startIn(launcher: Launcher, spec: Parameters<Driver['start']>[0]): ReturnType<Driver['start']> {
  const began = performance.now();
  const [program, args] = command(launcher, layoutOf(spec));
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { PATH: SYSTEM_PATH }, cwd: '/', detached: true });
  return await connectAgent({ name: 'namespace', child, onLog: spec.onLog, place: placeOwnParts, kill: () => child.kill('SIGKILL'), orderly: false }, began);
}

function command(launcher: Launcher, layout: Layout): readonly [program: string, args: readonly string[]] {
  switch (launcher) {
    case 'bubblewrap':
      return ['bwrap', bubblewrapArguments(layout)];
    case 'unshare':
      return ['setpriv', unshareArguments(layout)];
  }
}
