import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readPackage } from '@deja/format/node';
import type { Authority } from '@deja/stubs';
import { dejaRun } from '../../../tests/support/deja-run.ts';
import { freePort } from '../../../tests/support/free-port.ts';
import type { Scenario } from '../scenario.ts';
import { LastingServers, servers } from './servers.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const WITHIN_MS = 20_000;

/** The package of a scenario, or why there is none. */
export type Recorded = { readonly scenario: Scenario; readonly file: string } | { readonly scenario: Scenario; readonly missing: string };

/** Runs scenarios against real servers with capture on. The servers are gone when it returns. @param authorityFile of the CA that the application trusts */
export async function record(set: string, scenarios: readonly Scenario[], out: string, authority: Authority, authorityFile: string): Promise<readonly Recorded[]> {
  const port = await freePort();
  await using _service = await dejaRun([process.execPath, join(ROOT, 'bench', 'stubs', 'app.ts')], {
    out, ready: 'listening', cwd: ROOT,
    env: { PORT: String(port), NODE_EXTRA_CA_CERTS: authorityFile, DEJA_LIMITS: 'packages=100000', NODE_OPTIONS: '' },
  });
  await using lasting = new LastingServers();
  const recorded: Recorded[] = [];
  for (const scenario of scenarios) {
    await using stack = new AsyncDisposableStack();
    try {
      const at = await scenario.serve(servers(stack, authority, lasting));
      const before = packagesIn(out);
      const query = new URLSearchParams({ set, name: scenario.name, host: at.host, port: String(at.port), url: at.url });
      await fetch(`http://127.0.0.1:${port}/?${query.toString()}`, { signal: AbortSignal.timeout(WITHIN_MS) }).then((response) => response.text());
      recorded.push({ scenario, file: join(out, await nextPackage(out, before, scenario.name)) });
    } catch (error) {
      recorded.push({ scenario, missing: (error as Error).message });
    }
  }
  return recorded;
}

function packagesIn(folder: string): ReadonlySet<string> {
  return new Set(existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.deja')) : []);
}

/** A scenario before it that took too long may leave its package later. */
async function nextPackage(folder: string, seen: ReadonlySet<string>, scenario: string): Promise<string> {
  const others = new Set(seen);
  const deadline = Date.now() + WITHIN_MS;
  for (;;) {
    const [name] = [...packagesIn(folder)].filter((name) => !others.has(name));
    if (name !== undefined) {
      const { trigger } = (await readPackage(join(folder, name))).context.requests[0] ?? {};
      if (trigger?.kind === 'http' && new URL(trigger.target, 'http://a').searchParams.get('name') === scenario) return name;
      others.add(name);
    }
    if (Date.now() > deadline) throw new Error('no package was written');
    await new Promise((done) => setTimeout(done, 10));
  }
}
