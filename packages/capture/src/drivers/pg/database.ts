import type { DatabaseInfo } from '@deja/format';
import type { Packing } from '../../core/recorder.js';
import { field, textField } from '../shared/values.js';
import type { Catalog } from './schema/catalog.js';

/** Session settings that change how results read; the server reports them while connecting and whenever they change. */
const SETTINGS = ['TimeZone', 'DateStyle', 'IntervalStyle', 'client_encoding', 'server_encoding', 'standard_conforming_strings', 'search_path'];

/** A database the process talks to, shared by all its connections. */
export class PgDatabase {
  readonly host: string;
  readonly port: number;
  readonly database: string | undefined;
  readonly user: string | undefined;
  readonly tls: boolean;
  readonly parameters = new Map<string, string>();
  /** Set once it was read. */
  catalog: Catalog | undefined;

  constructor(client: object) {
    this.host = textField(client, 'host') ?? 'localhost';
    const port = field(client, 'port');
    this.port = typeof port === 'number' ? port : 5432;
    this.database = textField(client, 'database');
    this.user = textField(client, 'user');
    this.tls = Boolean(field(client, 'ssl'));
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
    const version = this.parameters.get('server_version') ?? this.catalog?.version;
    const settings: Record<string, string> = { ...this.catalog?.settings };
    for (const name of SETTINGS) {
      const value = this.parameters.get(name);
      if (value !== undefined) settings[name] = value;
    }
    return {
      engine: 'postgres',
      host: this.host,
      port: this.port,
      tls: this.tls,
      ...(version === undefined ? {} : { version }),
      ...(this.database === undefined ? {} : { database: this.database }),
      ...(this.user === undefined ? {} : { user: this.user }),
      ...(Object.keys(settings).length === 0 ? {} : { settings }),
      ...(this.catalog === undefined ? {} : { ddl: this.catalog.ddl, ddlSource: 'introspected' }),
    };
  }
}

const byAddress = new Map<string, PgDatabase>();
const byClient = new WeakMap<object, PgDatabase>();

export function databaseOf(client: object): PgDatabase {
  let database = byClient.get(client);
  if (database === undefined) {
    const fresh = new PgDatabase(client);
    const key = JSON.stringify([fresh.host, fresh.port, fresh.database, fresh.user, fresh.tls]);
    database = byAddress.get(key) ?? fresh;
    byAddress.set(key, database);
    byClient.set(client, database);
  }
  return database;
}
