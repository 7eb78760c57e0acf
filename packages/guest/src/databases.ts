import { lstatSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { PostgresLogin, StartedPostgres } from '@deja/fixtures/postgres';
import { giveToApp } from './app-root.js';
import { AgentError } from './failure.js';
import type { GuestDatabase, GuestPlan } from './plan.js';
import type { WarmEngines } from './warm-engines.js';
import type { Part } from './world.js';

/** A database on a server of ours, for the proxy to connect to. */
export interface ServedDatabase {
  readonly server: StartedPostgres;
  readonly login: PostgresLogin;
  /** A statement as it asks for the time there; undefined: as it is. */
  readonly onClock?: (text: string) => string | undefined;
}

export interface Databases extends Part {
  /** Once the application is ready: the rows of those databases whose tables it makes itself. */
  addRows(): Promise<void>;
  /** Clocks of databases that are read show the recorded time, and go on from there. */
  setClocks(): Promise<void>;
  /** By name, those that have a server. */
  readonly served: ReadonlyMap<string, ServedDatabase>;
}

type PostgresDatabase = GuestDatabase & { readonly engine: { readonly kind: 'postgres' } };

/**
 * Makes the databases of the plan and loads their rows: files where the application opens a file, servers on private sockets otherwise.
 *
 * @throws DejaError of the fixtures; AgentError DEJA_PLAN_INVALID, DEJA_DATA_IN_THE_WAY
 */
export async function startDatabases(plan: GuestPlan, folder: string, warm: WarmEngines): Promise<Databases> {
  await using started = new AsyncDisposableStack();
  for (const database of plan.databases) {
    if (database.engine.kind === 'sqlite') await makeFile(plan, database, database.engine.file, started);
  }
  const served = new Map<string, ServedDatabase>();
  const groups = Map.groupBy(plan.databases.filter(isPostgres), ({ engine }) => `${engine.binaries}\n${engine.template}`);
  await Promise.all([...groups.values()].map(async (group, number) => serve(group, join(folder, `pg${number}`), { warm, started, served })));
  const running = started.move();
  return { served, addRows: async () => addRows(plan, served), setClocks: async () => setClocks(plan, served), stop: () => running.disposeAsync() };
}

interface Serving {
  readonly warm: WarmEngines;
  readonly started: AsyncDisposableStack;
  readonly served: Map<string, ServedDatabase>;
}

/** One server for all databases of the same engine. */
async function serve(databases: readonly PostgresDatabase[], folder: string, { warm, started, served }: Serving): Promise<void> {
  const [first] = databases;
  if (!first) return;
  // Loaded only when needed, and nothing else of the fixtures with it: compiling is no business of the agent.
  const postgres = await import('@deja/fixtures/postgres');
  const { binaries, template } = first.engine;
  const server = started.use(warm.take(first.engine) ?? (await postgres.startPostgres({ binaries, template, folder })));
  for (const database of databases) {
    const login = await postgres.createDatabase(server, loginOf(database), database.listen?.settings);
    if (!database.ownSchema) await postgres.loadPostgres(server, login, database.fixture);
    if (database.readsClock) await postgres.makeClock(server, login);
    served.set(database.fixture.name, { server, login, ...(database.readsClock && { onClock: postgres.withPinnedClock }) });
  }
}

async function setClocks({ databases, replay }: GuestPlan, served: Databases['served']): Promise<void> {
  for (const { fixture, readsClock } of databases) {
    const there = readsClock && served.get(fixture.name);
    if (!there || replay.clock === undefined) continue;
    const { setClock } = await import('@deja/fixtures/postgres');
    await setClock(there.server, there.login, replay.clock);
  }
}

async function addRows(plan: GuestPlan, served: Databases['served']): Promise<void> {
  for (const { fixture, ownSchema } of plan.databases) {
    const there = ownSchema && served.get(fixture.name);
    if (!there) continue;
    const { addRowsWhenQuiet } = await import('@deja/fixtures/postgres');
    await addRowsWhenQuiet(there.server, there.login, fixture);
  }
}

async function makeFile({ app, network }: GuestPlan, { fixture }: GuestDatabase, name: string, started: AsyncDisposableStack): Promise<void> {
  const file = resolve(app.cwd, name);
  const files = ['', '-wal', '-shm', '-journal'].map((suffix) => file + suffix);
  const remove = (): void => files.forEach((each) => rmSync(each, { force: true }));
  if (network.mode === 'redirected') {
    // Nothing isolates the file system either: what is there belongs to somebody.
    const there = files.find((each) => lstatSync(each, { throwIfNoEntry: false }) !== undefined);
    if (there !== undefined) {
      throw new AgentError('DEJA_DATA_IN_THE_WAY', `the application opens the SQLite file ${file}, and ${there === file ? 'that' : there} exists on this machine and would be overwritten`, {
        hint: 'Use --sandbox namespace, which has a file system of its own, or move the file away.',
      });
    }
    started.defer(remove);
  } else {
    remove();
  }
  if (mkdirSync(dirname(file), { recursive: true }) !== undefined) giveToApp(app, dirname(file));
  const { writeSqlite } = await import('@deja/fixtures/sqlite');
  await writeSqlite(file, fixture);
  giveToApp(app, file);
}

function isPostgres(database: GuestDatabase): database is PostgresDatabase {
  return database.engine.kind === 'postgres';
}

function loginOf({ fixture, listen }: PostgresDatabase): PostgresLogin {
  if (!listen) {
    throw new AgentError('DEJA_PLAN_INVALID', `the plan does not say where the application expects the server of database '${fixture.name}'`);
  }
  return { database: listen.database, user: listen.user };
}
