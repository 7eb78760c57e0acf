import type { IoEvent } from './event.js';

export type Engine = 'postgres' | 'sqlite' | 'mysql' | 'mariadb';

export interface DatabaseInfo {
  /** Unique in the timeline; events refer to it. */
  readonly name: string;
  readonly engine: Engine;
  readonly version?: string;
  readonly ddl?: string;
  /** Where `ddl` comes from. */
  readonly ddlSource?: 'captured' | 'introspected';
  /** Where the application reached it. */
  readonly host?: string;
  readonly port?: number;
  /** Name of the database on its server. */
  readonly database?: string;
  readonly user?: string;
  readonly tls?: boolean;
  /** SQLite: the file's path, or `:memory:`. */
  readonly file?: string;
  /** Session settings that change results: `TimeZone`, `DateStyle`, `lc_collate`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** What messages go through. */
export type BrokerSystem = 'nats' | 'amqp' | 'kafka';

export interface ServerInfo {
  readonly name: string;
  readonly kind: 'redis' | 'mongodb' | BrokerSystem;
  readonly host: string;
  readonly port: number;
  readonly tls?: boolean;
  readonly version?: string;
  /** MongoDB: what it says of itself and of its replica set, as canonical Extended JSON. */
  readonly hello?: string;
  /** Brokers: what they say of themselves when a client comes in, as far as it changes what clients do: `max_payload` of NATS. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** A stand-alone timeline: one JSON document. */
export interface Timeline {
  readonly deja: 'timeline/1';
  /** Milliseconds since 1970 to which the events' `at` refer. */
  readonly epoch?: number;
  readonly databases?: readonly DatabaseInfo[];
  readonly servers?: readonly ServerInfo[];
  readonly events: readonly IoEvent[];
}
