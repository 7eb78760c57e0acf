import type { SqlUpstream } from '@deja/stubs';
import { AgentError } from './failure.js';
import type { GuestDatabase } from './plan.js';
import type { WarmEngines } from './warm-engines.js';

/** A database on a server of ours. */
export interface ServedDatabase {
  /** How the proxy gets there. */
  readonly upstream: SqlUpstream;
  /** The rows, once the application has made the tables and has come to rest. */
  addRows(fixture: GuestDatabase['fixture']): Promise<void>;
  /** What the database takes for the time is this (milliseconds since 1970), and goes on from there. */
  setClock(ms: number): Promise<void>;
}

/** What those that serve databases of one kind need. */
export interface Serving {
  readonly warm: WarmEngines;
  readonly started: AsyncDisposableStack;
  readonly served: Map<string, ServedDatabase>;
  /** Where servers may keep their files. */
  readonly folder: string;
}

/** @throws AgentError DEJA_PLAN_INVALID */
export function addressOf({ fixture, listen }: GuestDatabase): NonNullable<GuestDatabase['listen']> {
  if (listen) return listen;
  throw new AgentError('DEJA_PLAN_INVALID', `the plan does not say where the application expects the server of database '${fixture.name}'`);
}
