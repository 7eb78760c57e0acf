import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { MARIADB_EXTENDED_METADATA, mysqlAuthMore, MYSQL_CAN, mysqlError, mysqlGreeting, type MysqlGreeting, type MysqlLogin, type MysqlPacket, mysqlPackets, readMysqlLogin } from '@deja/wire';
import type { Ledger } from '../ledger.js';
import type { SqlExchange, SqlProxyPlan, Refusal } from '../plan.js';
import type { StubRuntime } from '../runtime.js';
import { Decisions } from '../sql/decisions.js';
import type { SqlUpstream } from '../sql/upstream.js';
import { errorPayload } from './answer.js';
import type { MysqlQuestion } from './match.js';
import { MysqlSession, unknownDatabase } from './session.js';
import { engineError, MysqlUpstream } from './upstream.js';

/** A recorded database, with the engine that holds its rows now. */
export interface ServedMysql {
  readonly plan: SqlProxyPlan;
  readonly upstream: SqlUpstream;
  readonly ledger: Ledger<SqlExchange, MysqlQuestion>;
  readonly verbatim: ReadonlyMap<string, SqlExchange>;
}

export interface EntranceParts {
  readonly databases: readonly ServedMysql[];
  readonly runtime: StubRuntime;
  readonly encrypted: boolean;
  /** What this attempt to connect got instead of a connection. */
  readonly refusal: Refusal | undefined;
  /** Those who came before are in, or gone: clients come in in their order, as far as they ask for it. */
  readonly before: Promise<void>;
}

/** Not spoken: compression, files of the client, and what changes how answers read in ways that nobody here knows. */
const NEVER = MYSQL_CAN.compress | MYSQL_CAN.zstd | MYSQL_CAN.localFiles | MYSQL_CAN.tls | MYSQL_CAN.optionalMetadata | MYSQL_CAN.queryAttributes | MYSQL_CAN.multiFactor;
/** These the server says before anybody has said who they are. */
const BEFORE_GREETING = new Set([1040, 1129, 1130, 1203]);
const FAST_SIGN_IN = 3;
const SHA2 = 'caching_sha2_password';

/** Whoever came before and says nothing is not waited for. */
const PATIENCE_MS = 200;

/** One client's way in: greeting, encryption, login. Any user and password may come in. */
export class Entrance {
  readonly #parts: EntranceParts;
  #upstream: MysqlUpstream | undefined;
  #greeting: MysqlGreeting | undefined;
  #session: MysqlSession | undefined;
  /** What arrived while the engine was asked. */
  #waiting: MysqlPacket[] | undefined;
  #closed = false;
  readonly #over = Promise.withResolvers<void>();

  constructor(parts: EntranceParts) {
    this.#parts = parts;
  }

  /** Settles when this client is in, or gone. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  /** The server speaks first. */
  async greet(client: Socket): Promise<void> {
    const { databases, encrypted, refusal, runtime } = this.#parts;
    const [first] = databases;
    if (!first) return;
    if (refusal && BEFORE_GREETING.has(refusal.error.errno ?? 0)) return this.#refuse(client, refusal, 0);
    try {
      const { upstream, greeting } = await MysqlUpstream.connect(first.upstream, runtime.clock);
      this.#upstream = upstream;
      if (this.#closed) return upstream.close();
      this.#greeting = greetingOf(first.plan, greeting, encrypted);
      client.write(mysqlPackets([mysqlGreeting(this.#greeting)], 0));
    } catch (error) {
      this.#noEngine(client, error, 0);
    }
  }

  /** `encrypt`: what follows is a TLS handshake. */
  receive(client: Socket, packet: MysqlPacket): 'encrypt' | 'taken' {
    if (this.#session) this.#session.receive(packet);
    else if (this.#waiting) this.#waiting.push(packet);
    else {
      const login = readMysqlLogin(packet.payload);
      if (!login) return 'encrypt';
      this.#waiting = [];
      void this.#enter(client, login, packet.sequence)
        .catch((error: unknown) => this.#noEngine(client, error, packet.sequence + 1))
        .finally(() => this.#over.resolve());
    }
    return 'taken';
  }

  close(): void {
    this.#closed = true;
    this.#over.resolve();
    this.#session?.close();
    this.#upstream?.close();
  }

  async #enter(client: Socket, login: MysqlLogin, sequence: number): Promise<void> {
    const { databases, refusal, runtime, before } = this.#parts;
    await Promise.race([before, runtime.clock.sleep(PATIENCE_MS, runtime.stopped)]);
    if (refusal) return this.#refuse(client, refusal, sequence + 1);
    const upstream = this.#upstream;
    const offered = this.#greeting;
    const served = pick(databases, login);
    if (!served || !upstream || !offered) {
      runtime.journal.diverge({ stub: 'mysql', asked: `connect to database ${login.database ?? ''} as ${login.user}`, reason: `only ${databases.map(nameOf).join(', ')} was recorded on this server` });
      client.end(mysqlPackets([unknownDatabase(login.database ?? '')], sequence + 1));
      return;
    }
    const capabilities = (login.capabilities & offered.capabilities) >>> 0;
    const extended = login.extended & offered.extended;
    const own = sameEngine(served.upstream, upstream.where) ? upstream : await this.#other(served.upstream);
    const answer = await own.login({ capabilities, extended, charset: login.charset, user: served.upstream.user, database: login.database === undefined ? undefined : served.upstream.database });
    if (answer[0] === 0xff) throw new Error(engineError(answer));
    const stub = `mysql ${served.plan.database}`;
    const databaseOf = (name: string): string | undefined => (name === nameOf(served) ? served.upstream.database : undefined);
    this.#session = new MysqlSession({
      client, upstream: own, decisions: new Decisions(served.ledger, runtime, stub), verbatim: served.verbatim, runtime, stub, databaseOf,
      manner: { capabilities, extended, database: nameOf(served), status: 2 },
    });
    const known = login.plugin === SHA2 && login.auth.length > 0 ? [mysqlAuthMore(Buffer.from([FAST_SIGN_IN]))] : [];
    client.write(mysqlPackets([...known, answer], sequence + 1));
    for (const packet of this.#waiting ?? []) this.#session.receive(packet);
  }

  /** Another database of the same port may be on another engine. */
  async #other(where: SqlUpstream): Promise<MysqlUpstream> {
    this.#upstream?.close();
    const { upstream } = await MysqlUpstream.connect(where, this.#parts.runtime.clock);
    this.#upstream = upstream;
    return upstream;
  }

  async #refuse(client: Socket, refusal: Refusal, sequence: number): Promise<void> {
    const { runtime } = this.#parts;
    await runtime.pace.until(runtime.pace.now(), refusal.ms ?? 0);
    runtime.journal.serve(refusal.seq, 'mysql');
    client.end(mysqlPackets([errorPayload(refusal.error)], sequence));
  }

  #noEngine(client: Socket, error: unknown, sequence: number): void {
    const text = error instanceof Error ? error.message : String(error);
    this.#parts.runtime.journal.note(`mysql ${this.#parts.databases[0]?.plan.database ?? ''}: no connection to the engine: ${text}`);
    client.end(mysqlPackets([mysqlError(1105, 'HY000', `Deja: no connection to the engine: ${text}`)], sequence));
  }
}

/** The recorded server's words about itself, as far as this engine can keep them. */
function greetingOf({ engine, settings }: SqlProxyPlan, own: MysqlGreeting, encrypted: boolean): MysqlGreeting {
  const version = settings['server_version'];
  const isMysql = engine === 'mysql';
  const capabilities = (own.capabilities & ~NEVER) | MYSQL_CAN.pluginAuth | MYSQL_CAN.connectWithDatabase | (encrypted ? MYSQL_CAN.tls : 0) | (isMysql ? MYSQL_CAN.longPassword : 0);
  return {
    ...own,
    version: version === undefined ? own.version : shownVersion(version),
    capabilities: capabilities >>> 0,
    extended: isMysql ? 0 : own.extended & MARIADB_EXTENDED_METADATA,
    plugin: isMysql && Number.parseInt(version ?? '8', 10) >= 8 ? SHA2 : 'mysql_native_password',
    scramble: Buffer.from(randomBytes(20).map((byte) => (byte % 94) + 33)),
  };
}

/** Before 11, MariaDB calls itself 5.5.5 first: old clients would not take a version of two digits. */
function shownVersion(version: string): string {
  return /^10\..*mariadb/i.test(version) ? `5.5.5-${version}` : version;
}

function pick(databases: readonly ServedMysql[], { database, user }: MysqlLogin): ServedMysql | undefined {
  const named = databases.filter((served) => database === undefined || served.plan.login.database === undefined || nameOf(served) === database);
  return named.find(({ plan }) => plan.login.user === user) ?? named[0];
}

function nameOf({ plan }: ServedMysql): string {
  return plan.login.database ?? plan.database;
}

function sameEngine(one: SqlUpstream, other: SqlUpstream): boolean {
  return 'path' in one && 'path' in other ? one.path === other.path : JSON.stringify(one) === JSON.stringify(other);
}
