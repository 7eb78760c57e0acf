import { AgentError } from './failure.js';
import type { GuestPlan } from './plan.js';
import type { Part } from './world.js';

export interface Databases extends Part {
  readonly engines: ReadonlyMap<string, unknown>;
}

export async function startDatabases(plan: GuestPlan, _folder: string, _log: (line: string) => void): Promise<Databases> {
  const first = plan.databases[0];
  if (first) throw new AgentError('DEJA_ENGINE_FAILED', `the database '${first.fixture.name}' cannot be started by this version`);
  return { engines: new Map(), stop: async () => undefined };
}
