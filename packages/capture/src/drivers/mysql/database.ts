import type { DatabaseInfo } from '@deja/format';
import type { Packing } from '../../core/recorder.js';
import { field, textField } from '../shared/values.js';
import type { MysqlCatalog } from './schema/catalog.js';

const FOUND_ROWS = 2;
const PORT = 3306;

/** A database the process talks to, shared by all its connections. */
export class MysqlDatabase {
  readonly host: string;
  readonly port: number;
  readonly database: string | undefined;
  readonly user: string | undefined;
  readonly tls: boolean;
  readonly #foundRows: boolean;
  /** As the server greets with it. */
  version: string | undefined;
  /** Set once it was read. */
  catalog: MysqlCatalog | undefined;

  constructor(config: unknown) {
    // A Unix socket stands in the place of the host.
    this.host = textField(config, 'socketPath') ?? textField(config, 'host') ?? 'localhost';
    const port = Number(field(config, 'port') ?? PORT);
    this.port = Number.isInteger(port) && port > 0 ? port : PORT;
    this.database = textField(config, 'database') || undefined;
    this.user = textField(config, 'user') || undefined;
    this.tls = Boolean(field(config, 'ssl'));
    this.#foundRows = (Number(field(config, 'clientFlags') ?? FOUND_ROWS) & FOUND_ROWS) !== 0;
  }

  readonly #names = new WeakMap<Packing, string>();

  /** Name of this database in the package. What is learned while the package is being made comes too late for it. */
  register(pack: Packing): string {
    let name = this.#names.get(pack);
    if (name === undefined) {
      name = pack.database(this.#info());
      this.#names.set(pack, name);
    }
    return name;
  }

  #info(): Omit<DatabaseInfo, 'name'> {
    const version = this.version ?? this.catalog?.version;
    const settings = { ...this.catalog?.settings, ...(this.#foundRows ? {} : { found_rows: 'off' }) };
    return {
      engine: /mariadb/i.test(version ?? '') ? 'mariadb' : 'mysql',
      host: this.host,
      port: this.port,
      tls: this.tls,
      // MariaDB says it is 5.5.5 first.
      ...(version === undefined ? {} : { version: version.replace(/^5\.5\.5-/, '') }),
      ...(this.database === undefined ? {} : { database: this.database }),
      ...(this.user === undefined ? {} : { user: this.user }),
      ...(Object.keys(settings).length === 0 ? {} : { settings }),
      ...(this.catalog === undefined ? {} : { ddl: this.catalog.ddl, ddlSource: 'introspected' }),
    };
  }
}

const byAddress = new Map<string, MysqlDatabase>();
const byConnection = new WeakMap<object, MysqlDatabase>();

export function databaseOf(connection: object): MysqlDatabase {
  const config = field(connection, 'config');
  let database = byConnection.get(connection);
  // Another user or database may have been chosen on the same connection.
  if (database === undefined || (textField(config, 'database') || undefined) !== database.database || (textField(config, 'user') || undefined) !== database.user) {
    const fresh = new MysqlDatabase(config);
    const key = JSON.stringify([fresh.host, fresh.port, fresh.database, fresh.user, fresh.tls]);
    database = byAddress.get(key) ?? fresh;
    byAddress.set(key, database);
    byConnection.set(connection, database);
  }
  database.version ??= textField(field(connection, '_handshakePacket'), 'serverVersion');
  return database;
}
