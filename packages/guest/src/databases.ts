import { lstatSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { giveToApp } from './app-root.js';
import { AgentError } from './failure.js';
import { serveMysql } from './mysql-databases.js';
import type { GuestDatabase, GuestPlan } from './plan.js';
import { servePostgres } from './postgres-databases.js';
import type { ServedDatabase, Serving } from './served-database.js';
import type { WarmEngines } from './warm-engines.js';
import type { Part } from './world.js';

export interface Databases extends Part {
  /** Once the application is ready: the rows of those databases whose tables it makes itself. */
  addRows(): Promise<void>;
  /** Clocks of databases that are read show the recorded time, and go on from there. */
  setClocks(): Promise<void>;
  /** By name, those that have a server. */
  readonly served: ReadonlyMap<string, ServedDatabase>;
}

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
  const groups = Map.groupBy(plan.databases, ({ engine }) => JSON.stringify(engine));
  await Promise.all([...groups.values()].map(async (group, number) => serve(group, { warm, started, served, folder: join(folder, `db${number}`) })));
  const running = started.move();
  return { served, addRows: async () => addRows(plan, served), setClocks: async () => setClocks(plan, served), stop: () => running.disposeAsync() };
}

/** One server for all databases of the same engine. */
async function serve(databases: readonly GuestDatabase[], serving: Serving): Promise<void> {
  const engine = databases[0]?.engine;
  switch (engine?.kind) {
    case 'postgres':
      return servePostgres(engine, databases, serving);
    case 'mysql':
      return serveMysql(engine, databases, serving);
    case 'sqlite':
    case undefined:
      return;
  }
}

async function setClocks({ databases, replay }: GuestPlan, served: Databases['served']): Promise<void> {
  if (replay.clock === undefined) return;
  for (const { fixture, readsClock } of databases) if (readsClock) await served.get(fixture.name)?.setClock(replay.clock);
}

async function addRows(plan: GuestPlan, served: Databases['served']): Promise<void> {
  for (const { fixture, ownSchema } of plan.databases) if (ownSchema) await served.get(fixture.name)?.addRows(fixture);
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
