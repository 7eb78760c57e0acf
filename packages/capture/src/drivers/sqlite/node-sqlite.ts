import type { IoError } from '@deja/format';
import type { Instrumentation } from '../../core/instrumentation.js';
import type { Recorder } from '../../core/recorder.js';
import { hookModule } from '../../hooks/module-hooks.js';
import { noteNotCaptured } from '../../hooks/not-captured.js';
import { sqliteAnswersOf, type SqliteAnswers } from '../../replay/sqlite-answers.js';
import { stoppable } from '../shared/stoppable.js';
import { field, isFunction, methodOf } from '../shared/values.js';
import { wrapMethod, type Method } from '../shared/wrap.js';
import { nodeError, type Form } from './answer.js';
import { own, SqliteDriver } from './sqlite-driver.js';
import type { SqliteColumn } from './statement-event.js';

/** Node's built-in SQLite. */
export const nodeSqlite: Instrumentation = {
  name: 'node:sqlite',
  install(recorder) {
    const [present, stop] = stoppable(recorder);
    const answers = sqliteAnswersOf(process.env);
    hookModule('node:sqlite', (exports) => new NodeSqlite(exports, present, answers).patch());
    return stop;
  },
};

class NodeSqlite extends SqliteDriver {
  protected readonly name = 'node:sqlite';
  readonly #open: new (path: string) => object;
  readonly #database: object;
  readonly #statement: object;
  readonly #original: { readonly prepare: unknown; readonly all: unknown; readonly columns: unknown };

  constructor(exports: unknown, recorder: Recorder, answers: SqliteAnswers | null) {
    super(recorder, answers);
    this.#database = prototypeOf(exports, 'DatabaseSync');
    this.#open = field(exports, 'DatabaseSync') as new (path: string) => object;
    this.#statement = prototypeOf(exports, 'StatementSync');
    this.#original = { prepare: field(this.#database, 'prepare'), all: field(this.#statement, 'all'), columns: field(this.#statement, 'columns') };
  }

  patch(): void {
    this.followClock({
      memory: () => new this.#open(':memory:'),
      value: (database, text, args) => this.#value(database, text, args),
      // A function that an index may use: within one statement the clock stands still anyway.
      define: (database, name, compute) => void methodOf(database, 'function')(name, { varargs: true, deterministic: true, useBigIntArguments: true }, compute),
    });
    wrapMethod(this.#database, 'exec', own((database, args, original) => (this.exec(database, args, original), undefined)));
    wrapMethod(this.#database, 'prepare', own((database, args, original) => this.prepare(database, args, original)));
    for (const kind of ['all', 'get', 'run', 'iterate'] as const) wrapMethod(this.#statement, kind, own((statement, args, original) => this.call(kind, statement, args, original)));
    wrapMethod(this.#statement, 'setReadBigInts', own((statement, args, original) => this.#form(statement, args, original, (on, form) => ({ ...form, bigints: on }))));
    wrapMethod(this.#statement, 'setReturnArrays', own((statement, args, original) => this.#form(statement, args, original, (on, form) => ({ ...form, arrays: on }))));
    for (const name of ['createTagStore', 'createSession', 'applyChangeset', 'loadExtension', 'deserialize']) {
      wrapMethod(this.#database, name, own((database, args, original) => {
        noteNotCaptured(`node:sqlite: ${name}`);
        return original.apply(database, args);
      }));
    }
  }

  protected query(database: object, text: string): readonly unknown[] {
    const { prepare, all } = this.#original;
    if (!isFunction(prepare) || !isFunction(all)) return [];
    const rows = all.call(prepare.call(database, text));
    return Array.isArray(rows) ? rows : [];
  }

  /** Before Node 22.16 a statement does not tell its columns. */
  protected columnsOf(statement: object): readonly SqliteColumn[] | undefined {
    const { columns } = this.#original;
    return isFunction(columns) ? (columns.call(statement) as SqliteColumn[]) : undefined;
  }

  protected statementPrototype(): object {
    return this.#statement;
  }

  protected toError(error: IoError): Error {
    return nodeError(error);
  }

  #value(database: object, text: string, args: readonly unknown[]): unknown {
    const { prepare, all } = this.#original;
    if (!isFunction(prepare) || !isFunction(all)) return null;
    const statement = prepare.call(database, text) as object;
    methodOf(statement, 'setReadBigInts')(true);
    const [row] = all.apply(statement, [...args]) as readonly object[];
    return row && Object.values(row)[0];
  }

  #form(statement: object, args: unknown[], original: Method, change: (on: boolean, form: Form) => Form): unknown {
    const prepared = this.preparedOf(statement);
    const result = prepared?.fake ? undefined : original.apply(statement, args);
    if (prepared !== undefined) prepared.form = change(args[0] === true, prepared.form);
    return result;
  }
}

function prototypeOf(exports: unknown, name: string): object {
  const prototype = field(field(exports, name), 'prototype');
  if (typeof prototype !== 'object' || prototype === null) throw new Error(`${name} has another shape than expected`);
  return prototype;
}
