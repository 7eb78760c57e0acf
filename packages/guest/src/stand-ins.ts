import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StubEnvironment, StubListener } from '@deja/stubs';
import { machineClock } from '@deja/stubs/clock';
import { startDatabases } from './databases.js';
import type { GuestPlan } from './plan.js';
import { startRedisEngines } from './redis-engines.js';
import { loadStubs, startStubServers } from './stub-servers.js';
import { WarmEngines } from './warm-engines.js';

/** The outside of a plan, without its application. Disposing ends all of it. */
export interface StandIns extends AsyncDisposable {
  readonly listeners: readonly StubListener[];
  /** PEM of the authority that signed for the stubs. */
  readonly ca?: string;
}

/**
 * Databases and stubs of a plan on this machine's own addresses, for somebody who wants to ask them by hand.
 *
 * @throws DejaError of the fixtures and of the stubs
 */
export async function startStandIns(plan: GuestPlan, environment: Partial<StubEnvironment>): Promise<StandIns> {
  await using started = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), `deja-stubs-${process.pid}-`));
  started.defer(() => rmSync(folder, { recursive: true, force: true }));
  const databases = await startDatabases(plan, folder, new WarmEngines());
  started.defer(() => databases.stop());
  await databases.setClocks();
  const redis = await startRedisEngines(plan, folder);
  started.defer(() => redis.stop());
  const stubs = await startStubServers(plan, { databases, redis }, loadStubs(plan), machineClock, environment);
  started.defer(() => stubs.stop());
  const running = started.move();
  return { listeners: stubs.listeners, ...(stubs.ca !== undefined && { ca: stubs.ca }), [Symbol.asyncDispose]: () => running.disposeAsync() };
}
