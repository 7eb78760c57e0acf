import type { ReplayInstructions } from '@deja/format';
import type { StubDivergence } from '@deja/stubs';
import type { Databases } from './databases.js';
import { AgentError } from './failure.js';
import type { GuestPlan } from './plan.js';
import type { Part } from './world.js';

export interface StubServers extends Part {
  readonly ca?: string;
  readonly redirect: NonNullable<ReplayInstructions['redirect']>;
  divergences(): readonly StubDivergence[];
}

export async function startStubServers({ stubs }: GuestPlan, _engines: Databases['engines'], _log: (line: string) => void): Promise<StubServers> {
  if (stubs.http.length + stubs.redis.length + stubs.sql.length + stubs.dns.length + stubs.closed.length > 0) {
    throw new AgentError('DEJA_STUB_FAILED', 'stubs cannot be started by this version');
  }
  return { redirect: [], divergences: () => [], stop: async () => undefined };
}
