import type { IoError } from '@deja/format';
import type { Instrumentation } from '../../core/instrumentation.js';
import type { Recorder } from '../../core/recorder.js';
import { hookModule } from '../../hooks/module-hooks.js';
import { noteNotCaptured } from '../../hooks/not-captured.js';
import { sqliteAnswersOf, type SqliteAnswers } from '../../replay/sqlite-answers.js';
import { stoppable } from '../shared/stoppable.js';
import { field, isFunction, methodOf, textField } from '../shared/values.js';
import { wrapMethod, type Method } from '../shared/wrap.js';
import type { Form } from './answer.js';
import { own, SqliteDriver, type Prepared } from './sqlite-driver.js';
import type { SqliteColumn } from './statement-event.js';

export const betterSqlite3: Instrumentation = {
  name: 'better-sqlite3',
  install(recorder) {
    const [present, stop] = stoppable(recorder);
    const answers = sqliteAnswersOf(process.env);
    hookModule('better-sqlite3', (exports) => new BetterSqlite3(exports, present, answers).patch());
    return stop;
  },
};

/** Settings of a statement that change the form of its rows. All but `bind` may be called without an argument, which means yes. */
const FORMS: Readonly<Record<string, (on: boolean, form: Form) => Form>> = {
  pluck: (on, form) => ({ ...form, pluck: on, ...(on ? { arrays: false, expand: false } : {}) }),
  expand: (on, form) => ({ ...form, expand: on, ...(on ? { arrays: false, pluck: false } : {}) }),
  raw: (on, form) => ({ ...form, arrays: on, ...(on ? { expand: false, pluck: false } : {}) }),
  safeIntegers: (on, form) => ({ ...form, bigints: on }),
};

class BetterSqlite3 extends SqliteDriver {
  protected readonly name = 'better-sqlite3';
  readonly #exports: unknown;
  readonly #database: object;
  readonly #originalPrepare: unknown;
  /** The class of statements is not exported: it is known from the first that was prepared. */
  #statement: { readonly prototype: object; readonly all: unknown; readonly columns: unknown } | undefined = undefined;

  constructor(exports: unknown, recorder: Recorder, answers: SqliteAnswers | null) {
    super(recorder, answers);
    // An ES module import shows the constructor as `default`.
    this.#exports = isFunction(exports) ? exports : field(exports, 'default');
    const prototype = field(this.#exports, 'prototype');
    if (typeof prototype !== 'object' || prototype === null) throw new Error('Database has another shape than expected');
    this.#database = prototype;
    this.#originalPrepare = field(prototype, 'prepare');
  }

  patch(): void {
    const Database = this.#exports as new (path: string) => object;
    this.followClock({
      memory: () => new Database(':memory:'),
      value: (database, text, args) => this.#value(database, text, args),
      // A function that an index may use: within one statement the clock stands still anyway.
      define: (database, name, compute) => void methodOf(database, 'function')(name, { varargs: true, deterministic: true, safeIntegers: true }, compute),
    });
    wrapMethod(this.#database, 'exec', own((database, args, original) => this.exec(database, args, original)));
    wrapMethod(this.#database, 'prepare', own((database, args, original) => {
      this.statementPrototype(database);
      return this.prepare(database, args, original);
    }));
    for (const name of ['backup', 'serialize', 'loadExtension', 'table']) {
      wrapMethod(this.#database, name, own((database, args, original) => {
        noteNotCaptured(`better-sqlite3: ${name}`);
        return original.apply(database, args);
      }));
    }
  }

  protected statementPrototype(database: object): object {
    if (this.#statement === undefined) {
      const prototype = Object.getPrototypeOf(isFunction(this.#originalPrepare) ? this.#originalPrepare.call(database, 'SELECT 1') : undefined) as object;
      this.#statement = { prototype, all: field(prototype, 'all'), columns: field(prototype, 'columns') };
      for (const kind of ['all', 'get', 'run', 'iterate'] as const) wrapMethod(prototype, kind, own((statement, args, original) => this.call(kind, statement, args, original)));
      for (const [name, change] of Object.entries(FORMS)) wrapMethod(prototype, name, own((statement, args, original) => this.#set(statement, args, original, (prepared) => (prepared.form = change(args[0] !== false, prepared.form)))));
      wrapMethod(prototype, 'bind', own((statement, args, original) => this.#set(statement, args, original, (prepared) => (prepared.bound = args))));
    }
    return this.#statement.prototype;
  }

  /** Statements that the library prepares for itself (transactions, pragmas) tell their text and database. */
  protected override preparedOf(statement: object): Prepared | undefined {
    const known = super.preparedOf(statement);
    if (known) return known;
    const text = textField(statement, 'source');
    const database = field(statement, 'database');
    return text === undefined || typeof database !== 'object' || database === null ? undefined : this.know(statement, database, text, false);
  }

  protected query(database: object, text: string): readonly unknown[] {
    this.statementPrototype(database);
    const all = this.#statement?.all;
    if (!isFunction(this.#originalPrepare) || !isFunction(all)) return [];
    const rows = all.call(this.#originalPrepare.call(database, text));
    return Array.isArray(rows) ? rows : [];
  }

  #value(database: object, text: string, args: readonly unknown[]): unknown {
    this.statementPrototype(database);
    const all = this.#statement?.all;
    if (!isFunction(this.#originalPrepare) || !isFunction(all)) return null;
    const statement = this.#originalPrepare.call(database, text);
    methodOf(statement, 'safeIntegers')(true);
    const [row] = all.apply(statement, [...args]) as readonly object[];
    return row && Object.values(row)[0];
  }

  protected columnsOf(statement: object): readonly SqliteColumn[] | undefined {
    if (field(statement, 'reader') !== true) return [];
    const columns = this.#statement?.columns;
    return isFunction(columns) ? (columns.call(statement) as SqliteColumn[]) : undefined;
  }

  protected toError({ message, code }: IoError): Error {
    const SqliteError = field(this.#exports, 'SqliteError');
    return isFunction(SqliteError) ? (Reflect.construct(SqliteError, [message, code ?? 'SQLITE_ERROR']) as Error) : Object.assign(new Error(message), { code });
  }

  /** Returns the statement, as the driver does. */
  #set(statement: object, args: unknown[], original: Method, change: (prepared: Prepared) => unknown): unknown {
    const prepared = this.preparedOf(statement);
    const result = prepared?.fake ? statement : original.apply(statement, args);
    if (prepared !== undefined) change(prepared);
    return result;
  }
}
