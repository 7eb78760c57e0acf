import type { GuestDatabase, MysqlEngine } from './plan.js';
import { addressOf, type Serving } from './served-database.js';

/** Databases of one MariaDB or MySQL, each with the account that may do everything in it. */
export async function serveMysql(engine: MysqlEngine, databases: readonly GuestDatabase[], { warm, started, served }: Serving): Promise<void> {
  // Loaded only when needed, and nothing else of the fixtures with it: compiling is no business of the agent.
  const mysql = await import('@deja/fixtures/mysql');
  const server = started.use(warm.takeMysql(engine) ?? (await mysql.startMysql({ server: engine.server, template: engine.template })));
  const address = { socket: server.socket, flavour: engine.flavour };
  for (const database of databases) {
    const { settings = {}, ...wish } = addressOf(database);
    const login = await mysql.createMysqlDatabase(address, { name: database.fixture.name, database: wish.database, user: wish.user, settings });
    if (!database.ownSchema) await mysql.loadMysql(address, login, database.fixture);
    let ahead: number | undefined;
    served.set(database.fixture.name, {
      upstream: { path: server.socket, ...login, start: mysql.mysqlSessionStart(address, settings), now: () => (ahead === undefined ? undefined : Date.now() + ahead) },
      addRows: (fixture) => mysql.addMysqlRowsWhenQuiet(address, login, fixture),
      setClock: async (ms) => void (ahead = ms - Date.now()),
    });
  }
}
