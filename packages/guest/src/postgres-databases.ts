import type { GuestDatabase, PostgresEngine } from './plan.js';
import { addressOf, type Serving } from './served-database.js';

/** Databases of one Postgres, each with the role that owns it. */
export async function servePostgres(engine: PostgresEngine, databases: readonly GuestDatabase[], { warm, started, served, folder }: Serving): Promise<void> {
  // Loaded only when needed, and nothing else of the fixtures with it: compiling is no business of the agent.
  const postgres = await import('@deja/fixtures/postgres');
  const { binaries, template } = engine;
  const server = started.use(warm.takePostgres(engine) ?? (await postgres.startPostgres({ binaries, template, folder })));
  for (const database of databases) {
    const { settings, ...wish } = addressOf(database);
    const login = await postgres.createDatabase(server, { database: wish.database, user: wish.user }, settings);
    if (!database.ownSchema) await postgres.loadPostgres(server, login, database.fixture);
    if (database.readsClock) await postgres.makeClock(server, login);
    served.set(database.fixture.name, {
      upstream: { path: `${server.socketFolder}/.s.PGSQL.${server.port}`, ...login, ...(database.readsClock && { onClock: postgres.withPinnedClock }) },
      addRows: (fixture) => postgres.addRowsWhenQuiet(server, login, fixture),
      setClock: (ms) => postgres.setClock(server, login, ms),
    });
  }
}
