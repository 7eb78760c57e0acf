import { readFileSync } from 'node:fs';
import type { ReplayInstructions } from '@deja/format';

/** What a driver of SQLite lends to the clock, by its own unwrapped methods. */
export interface ClockedDriver {
  /** A connection to nothing, whose functions are the engine's. */
  memory(): object;
  /** The first value of the first row; whole numbers as bigint. */
  value(database: object, text: string, args: readonly unknown[]): unknown;
  /** A function of SQL that takes any number of arguments, whole numbers as bigint. */
  define(database: object, name: string, compute: (...args: unknown[]) => unknown): void;
}

/** Functions that read the clock where they are told `now`, or nothing; and which of their arguments says so. */
const FUNCTIONS: Readonly<Record<string, number>> = { date: 0, time: 0, datetime: 0, julianday: 0, unixepoch: 0, timediff: 0, strftime: 1 };
const KEYWORDS: Readonly<Record<string, string>> = { current_timestamp: 'datetime', current_date: 'date', current_time: 'time' };

/** Lets SQLite read the application's clock, which a replay moves: also in defaults, views and triggers. The engine's own functions compute; they are told another now. */
export class SqliteReplayClock {
  readonly #driver: ClockedDriver;
  readonly #known = new WeakSet<object>();
  #own: object | undefined;
  #now = Date.now();

  constructor(driver: ClockedDriver) {
    this.#driver = driver;
  }

  /** A statement begins: for its time the clock stands still. */
  read(database: object): void {
    this.#now = Date.now();
    if (this.#known.has(database)) return;
    this.#known.add(database);
    this.#own ??= this.#driver.memory();
    for (const [name, place] of Object.entries(FUNCTIONS)) {
      this.#driver.define(database, name, (...args) => {
        const told = (arg: unknown, index: number): boolean => typeof arg === 'string' && arg.toLowerCase() === 'now' && (index === place || name === 'timediff');
        return this.#compute(name, args.length <= place ? [...args, this.#text()] : args.map((arg, index) => (told(arg, index) ? this.#text() : arg)));
      });
    }
    for (const [keyword, name] of Object.entries(KEYWORDS)) this.#driver.define(database, keyword, () => this.#compute(name, [this.#text()]));
  }

  #compute(name: string, args: readonly unknown[]): unknown {
    return this.#driver.value(this.#own ?? this.#driver.memory(), `SELECT ${name}(${args.map(() => '?').join(', ')})`, args);
  }

  #text(): string {
    return new Date(this.#now).toISOString().replace('T', ' ').replace('Z', '');
  }
}

/** The clock of the replay that this process runs in; null in production, and where the replay moves none. */
export function sqliteClockOf(env: Readonly<Record<string, string | undefined>>, driver: ClockedDriver): SqliteReplayClock | null {
  const path = env['DEJA_REPLAY'];
  if (!path) return null;
  const { clock } = JSON.parse(readFileSync(path, 'utf8')) as ReplayInstructions;
  return clock === undefined ? null : new SqliteReplayClock(driver);
}
