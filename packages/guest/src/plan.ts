import type { ReplayInstructions, Trigger } from '@deja/format';
import type { DatabaseFixture } from '@deja/fixtures';
import type { StubPlan } from '@deja/stubs';

/** Everything the guest agent needs, decided outside. Plain JSON: it travels over the protocol. */
export interface GuestPlan {
  readonly network: GuestNetwork;
  readonly databases: readonly GuestDatabase[];
  readonly stubs: StubPlan;
  /** Changed code runs: the program of a Redis server that holds the keys of `stubs.redis`, for what the recording does not know. */
  readonly redisServer?: string;
  readonly app: GuestApp;
  /** What lies outside of the application's folder, as it was found there. Left out: nothing. */
  readonly files?: readonly GuestFile[];
  readonly replay: ReplayInstructions;
  /** In order of `at` (milliseconds after the first). Empty: starting the application is the trigger. */
  readonly triggers: readonly { readonly request: number; readonly at: number; readonly trigger: Trigger }[];
  /** What ends the observation. `exit`: the recorded failure ended the process. */
  readonly until: 'answers' | 'exit';
  readonly deadlines: GuestDeadlines;
  /** Waiting is passed over, where nothing is under way that takes real time. Deadlines count the time that has passed so, too. */
  readonly fastForward?: true;
}

export interface GuestDeadlines {
  /** From the application's start until it accepts connections. */
  readonly readyMs: number;
  /** From the first trigger until the observation ends, whatever happens. */
  readonly triggerMs: number;
  /**
   * With `until: 'exit'`: how long the process may live on after all answers (or, without triggers, after it was ready)
   * before the observation ends without an exit. Default 2000.
   */
  readonly settleMs?: number;
  /** With `until: 'answers'`: the recorded failure came this long after its answer, and is waited for. */
  readonly lateMs?: number;
}

export interface GuestNetwork {
  /** `isolated`: own network namespace or VM, recorded names and addresses exist. `redirected`: the preload maps connections. */
  readonly mode: 'isolated' | 'redirected';
  readonly hosts: readonly { readonly name: string; readonly address: string }[];
  /** Addresses to add to the loopback device. */
  readonly addresses: readonly string[];
}

export interface GuestDatabase {
  readonly fixture: DatabaseFixture;
  readonly engine:
    | ({ readonly kind: 'postgres' } & PostgresEngine)
    | ({ readonly kind: 'mysql' } & MysqlEngine)
    | { readonly kind: 'sqlite'; readonly file: string };
  /** Not SQLite: it begins empty, the application makes the tables at its start; the rows are added when it is ready and has come to rest. */
  readonly ownSchema?: boolean;
  /** Not SQLite: statements read the clock, which shall show the recorded time (`replay.clock`). */
  readonly readsClock?: boolean;
  /** Where the application expects the server. */
  readonly listen?: DatabaseAddress;
}

/** What the agent may have ready before it knows a plan. */
export interface WarmUp {
  readonly postgres?: PostgresEngine;
  readonly mysql?: MysqlEngine;
}

export interface PostgresEngine {
  /** Folders: the programs, and the data directory that servers are made from. */
  readonly binaries: string;
  readonly template: string;
}

/** MariaDB or MySQL. */
export interface MysqlEngine {
  /** The server's program, and the data folder that servers are made from. */
  readonly server: string;
  readonly template: string;
  readonly flavour: 'mariadb' | 'mysql';
}

export interface DatabaseAddress {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** Session settings that change results, as recorded: `TimeZone`. */
  readonly settings?: Readonly<Record<string, string>>;
}

export type GuestFile =
  | { readonly path: string; readonly kind: 'missing' }
  | {
      readonly path: string;
      readonly kind: 'file' | 'folder';
      /** Left out: nobody saw it. */
      readonly base64?: string;
      /** Bytes, where the content is not known. */
      readonly size?: number;
      readonly mode?: number;
      /** Milliseconds since 1970. */
      readonly changed?: number;
      readonly unreadable?: true;
    };

export interface GuestApp {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly uid: number;
  /** Ready when all of these accept connections. */
  readonly ready: readonly { readonly address: string; readonly port: number }[];
  /** Module to preload (`--import`): the capture library. */
  readonly preload: string;
  /** The application waits for a debugger at this port of loopback before its first line. */
  readonly inspectPort?: number;
}
