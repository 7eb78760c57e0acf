import type { StartedMysql } from '@deja/fixtures/mysql';
import type { StartedPostgres } from '@deja/fixtures/postgres';
import type { MysqlEngine, PostgresEngine, WarmUp } from './plan.js';

/** Servers that run before a plan asks for them, each for one use. */
export class WarmEngines {
  readonly #postgres = new Servers<PostgresEngine, StartedPostgres>(({ binaries, template }) => [binaries, template]);
  readonly #mysql = new Servers<MysqlEngine, StartedMysql>(({ server, template }) => [server, template]);

  /** @throws DejaError DEJA_POSTGRES_START, DEJA_MYSQL_START */
  async start({ postgres, mysql }: WarmUp): Promise<void> {
    await Promise.all([
      postgres && this.#postgres.add(postgres, (await import('@deja/fixtures/postgres')).startPostgres(postgres)),
      mysql && this.#mysql.add(mysql, (await import('@deja/fixtures/mysql')).startMysql(mysql)),
    ]);
  }

  /** A server of this kind, which belongs to the caller from now on. */
  takePostgres(engine: PostgresEngine): StartedPostgres | undefined {
    return this.#postgres.take(engine);
  }

  takeMysql(engine: MysqlEngine): StartedMysql | undefined {
    return this.#mysql.take(engine);
  }

  /** Ends those that nobody took. */
  async stop(): Promise<void> {
    await Promise.all([this.#postgres.stop(), this.#mysql.stop()]);
  }
}

class Servers<E, S extends { stop(): Promise<void> }> {
  readonly #servers = new Map<string, S>();
  readonly #keyOf: (engine: E) => string;

  constructor(parts: (engine: E) => readonly string[]) {
    this.#keyOf = (engine) => JSON.stringify(parts(engine));
  }

  async add(engine: E, starting: Promise<S>): Promise<void> {
    this.#servers.set(this.#keyOf(engine), await starting);
  }

  take(engine: E): S | undefined {
    const key = this.#keyOf(engine);
    const server = this.#servers.get(key);
    this.#servers.delete(key);
    return server;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#servers.values()].map(async (server) => server.stop()));
    this.#servers.clear();
  }
}
