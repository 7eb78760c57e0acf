import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { PostgresLogin, StartedPostgres } from '@deja/fixtures';
import { AgentError } from './failure.js';
import type { GuestDatabase, GuestPlan } from './plan.js';
import type { Part } from './world.js';

/** A database on a server of ours, for the proxy to connect to. */
export interface ServedDatabase {
  readonly server: StartedPostgres;
  readonly login: PostgresLogin;
}

export interface Databases extends Part {
  /** By name, those that have a server. */
  readonly served: ReadonlyMap<string, ServedDatabase>;
}

type PostgresDatabase = GuestDatabase & { readonly engine: { readonly kind: 'postgres' } };

/**
 * Makes the databases of the plan and loads their rows: files where the application opens a file, servers on private sockets otherwise.
 *
 * @throws DejaError of the fixtures, or DEJA_PLAN_INVALID
 */
export async function startDatabases(plan: GuestPlan, folder: string): Promise<Databases> {
  if (plan.databases.length === 0) return NONE;
  // Loaded only when needed: it is most of what the agent would read at its start.
  const fixtures = await import('@deja/fixtures');
  await using started = new AsyncDisposableStack();
  const served = new Map<string, ServedDatabase>();
  for (const database of plan.databases) {
    if (database.engine.kind !== 'sqlite') continue;
    const { file } = database.engine;
    mkdirSync(dirname(file), { recursive: true });
    for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(file + suffix, { force: true });
    await fixtures.writeSqlite(file, database.fixture);
  }
  const groups = Map.groupBy(plan.databases.filter(isPostgres), ({ engine }) => `${engine.binaries}\n${engine.template}`);
  let number = 0;
  for (const databases of groups.values()) {
    const [{ engine }] = databases as [PostgresDatabase, ...PostgresDatabase[]];
    const server = started.use(
      await fixtures.startPostgres({ binaries: engine.binaries, template: engine.template, folder: join(folder, `pg${number++}`) }),
    );
    for (const database of databases) {
      const login = loginOf(database);
      await fixtures.createDatabase(server, login);
      await fixtures.loadPostgres(server, login, database.fixture);
      served.set(database.fixture.name, { server, login });
    }
  }
  const running = started.move();
  return { served, stop: () => running.disposeAsync() };
}

const NONE: Databases = { served: new Map(), stop: () => Promise.resolve() };

function isPostgres(database: GuestDatabase): database is PostgresDatabase {
  return database.engine.kind === 'postgres';
}

function loginOf({ fixture, listen }: PostgresDatabase): PostgresLogin {
  if (!listen) {
    throw new AgentError('DEJA_PLAN_INVALID', `the plan does not say where the application expects the server of database '${fixture.name}'`);
  }
  return { database: listen.database, user: listen.user };
}
