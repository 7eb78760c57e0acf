import type { Instrumentation } from '../../core/instrumentation.js';
import type { Recorder } from '../../core/recorder.js';
import { hookModule } from '../../hooks/module-hooks.js';
import { noteNotCaptured } from '../../hooks/not-captured.js';
import { sqliteAnswersOf, type SqliteAnswers } from '../../replay/sqlite-answers.js';
import { stoppable } from '../shared/stoppable.js';
import { field, isFunction, textField } from '../shared/values.js';
import { wrapMethod, type Method } from '../shared/wrap.js';
import { fromAnswer, nodeError, type CallKind, type Form } from './answer.js';
import { parameterCell } from './cells.js';
import { fileOf, SCHEMA_QUERY, type SqliteFile } from './file.js';
import { boundValues } from './parameters.js';
import { SqliteEvent, type SqliteColumn } from './statement-event.js';

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

interface Prepared {
  readonly text: string;
  readonly database: object;
  /** The engine would not prepare it, but its answers are recorded. */
  readonly fake: boolean;
  form: Form;
  columns: readonly SqliteColumn[] | undefined;
}

class NodeSqlite {
  readonly #database: object;
  readonly #statement: object;
  readonly #recorder: Recorder;
  readonly #answers: SqliteAnswers | null;
  readonly #prepared = new WeakMap<object, Prepared>();
  readonly #files = new WeakMap<object, SqliteFile>();
  readonly #original: { readonly prepare: unknown; readonly all: unknown; readonly columns: unknown };

  constructor(exports: unknown, recorder: Recorder, answers: SqliteAnswers | null) {
    this.#database = prototypeOf(exports, 'DatabaseSync');
    this.#statement = prototypeOf(exports, 'StatementSync');
    this.#recorder = recorder;
    this.#answers = answers;
    this.#original = { prepare: field(this.#database, 'prepare'), all: field(this.#statement, 'all'), columns: field(this.#statement, 'columns') };
  }

  patch(): void {
    wrapMethod(this.#database, 'exec', own((database, args, original) => this.#exec(database, args, original)));
    wrapMethod(this.#database, 'prepare', own((database, args, original) => this.#prepare(database, args, original)));
    for (const kind of ['all', 'get', 'run', 'iterate'] as const) wrapMethod(this.#statement, kind, own((statement, args, original) => this.#call(kind, statement, args, original)));
    wrapMethod(this.#statement, 'setReadBigInts', own((statement, args, original) => this.#form(statement, args, original, (on, form) => ({ ...form, bigints: on }))));
    wrapMethod(this.#statement, 'setReturnArrays', own((statement, args, original) => this.#form(statement, args, original, (on, form) => ({ ...form, arrays: on }))));
    for (const name of ['createTagStore', 'createSession', 'applyChangeset', 'loadExtension', 'deserialize']) {
      wrapMethod(this.#database, name, own((database, args, original) => {
        noteNotCaptured(`node:sqlite: ${name}`);
        return original.apply(database, args);
      }));
    }
  }

  #exec(database: object, args: unknown[], original: Method): unknown {
    const [text] = args;
    if (typeof text !== 'string') return original.apply(database, args);
    return this.#observed(database, text, [], (event) => {
      const answer = this.#answers?.take(this.#file(database).path, text, []);
      if (answer && 'error' in answer) throw nodeError(answer.error);
      const result = answer ? undefined : original.apply(database, args);
      event?.succeeded();
      return result;
    });
  }

  #prepare(database: object, args: unknown[], original: Method): unknown {
    const [text] = args;
    if (typeof text !== 'string') return original.apply(database, args);
    const known = { text, database, form: { arrays: false, bigints: false }, columns: undefined };
    try {
      const statement = original.apply(database, args);
      if (typeof statement === 'object' && statement !== null) this.#prepared.set(statement, { ...known, fake: false });
      return statement;
    } catch (error) {
      if (this.#answers?.knows(text)) {
        const statement = Object.create(this.#statement) as object;
        this.#prepared.set(statement, { ...known, fake: true });
        return statement;
      }
      return this.#observed(database, text, [], () => {
        throw error;
      });
    }
  }

  #call(kind: CallKind, statement: object, args: unknown[], original: Method): unknown {
    const prepared = this.#prepared.get(statement);
    if (prepared === undefined) return original.apply(statement, args);
    const { database, text } = prepared;
    return this.#observed(database, text, args, (event) => {
      const answer = this.#answers?.take(this.#file(database).path, text, boundValues(text, args).map((value) => parameterCell(value, '', (_, text) => text)));
      if (!answer && prepared.fake) throw nodeError({ message: `no recorded answer is left for: ${text}`, code: 'ERR_SQLITE_ERROR', errno: 1 });
      if (answer && 'ok' in answer) prepared.columns = answer.ok.fields.map(({ name, table, column, type }) => ({ name, table: table ?? null, column: column ?? null, type }));
      const result = answer ? fromAnswer(answer, kind, prepared.form, nodeError) : original.apply(statement, args);
      if (event === null) return result;
      try {
        return this.#see(kind, event, statement, prepared, result);
      } catch {
        event.flawed('the answer could not be seen');
        event.succeeded();
        return result;
      }
    });
  }

  #see(kind: CallKind, event: SqliteEvent, statement: object, prepared: Prepared, result: unknown): unknown {
    if (kind === 'run') {
      if (this.#columns(statement, prepared, undefined).length > 0) event.flawed('rows that the application did not read are not known');
      event.changed(field(result, 'changes'), field(result, 'lastInsertRowid'));
      event.succeeded();
      return result;
    }
    if (kind === 'iterate') return this.#followed(event, statement, prepared, result);
    const rows: readonly unknown[] = kind === 'get' ? (result === undefined ? [] : [result]) : Array.isArray(result) ? result : [];
    this.#describe(event, statement, prepared, rows[0]);
    for (const row of rows) event.row(valuesOf(row, prepared.columns ?? []));
    event.succeeded();
    return result;
  }

  #followed(event: SqliteEvent, statement: object, prepared: Prepared, iterator: unknown): unknown {
    if (typeof iterator !== 'object' || iterator === null) return iterator;
    let described = false;
    for (const name of ['next', 'return'] as const) {
      const original = field(iterator, name);
      if (!isFunction(original)) continue;
      const value = (...args: unknown[]): unknown => {
        try {
          const step = original.apply(iterator, args);
          if (!described) this.#describe(event, statement, prepared, field(step, 'value'));
          described = true;
          if (name === 'return' || field(step, 'done') === true) event.succeeded();
          else event.row(valuesOf(field(step, 'value'), prepared.columns ?? []));
          return step;
        } catch (error) {
          event.failed(error);
          throw error;
        }
      };
      Object.defineProperty(iterator, name, { value, writable: true, configurable: true });
    }
    return iterator;
  }

  #describe(event: SqliteEvent, statement: object, prepared: Prepared, row: unknown): void {
    const columns = this.#columns(statement, prepared, row);
    event.columns(columns);
    if (!prepared.form.arrays && new Set(columns.map((column) => column.name)).size < columns.length) event.flawed('of columns with the same name only the last is known');
  }

  #columns(statement: object, prepared: Prepared, row: unknown): readonly SqliteColumn[] {
    const { columns } = this.#original;
    // Before Node 22.16 a statement does not tell its columns; then the rows do.
    prepared.columns ??= isFunction(columns) && !prepared.fake ? (columns.call(statement) as SqliteColumn[]) : undefined;
    return prepared.columns ?? (typeof row === 'object' && row !== null ? (prepared.columns = Object.keys(row).map((name) => ({ name }))) : []);
  }

  #form(statement: object, args: unknown[], original: Method, change: (on: boolean, form: Form) => Form): unknown {
    const prepared = this.#prepared.get(statement);
    const result = prepared?.fake ? undefined : original.apply(statement, args);
    if (prepared !== undefined) prepared.form = change(args[0] === true, prepared.form);
    return result;
  }

  /** Runs a call with its event; whatever observing breaks, the call is made once and its result or error is the application's. */
  #observed(database: object, text: string, args: readonly unknown[], call: (event: SqliteEvent | null) => unknown): unknown {
    let event: SqliteEvent | null = null;
    try {
      event = SqliteEvent.begin(this.#recorder, this.#file(database), database, text, args);
    } catch {
      noteNotCaptured('some statements of node:sqlite');
    }
    try {
      return call(event);
    } catch (error) {
      event?.failed(error);
      throw error;
    }
  }

  #file(database: object): SqliteFile {
    let file = this.#files.get(database);
    if (file === undefined) {
      const list = this.#query(database, 'PRAGMA database_list');
      const path = textField(list.find((one) => textField(one, 'name') === 'main'), 'file') ?? null;
      file = fileOf(path, () => ({
        ddl: this.#query(database, SCHEMA_QUERY).map((one) => `${textField(one, 'sql') ?? ''};`).join('\n'),
        version: process.versions.sqlite,
      }));
      this.#files.set(database, file);
    }
    return file;
  }

  #query(database: object, text: string): readonly unknown[] {
    const { prepare, all } = this.#original;
    if (!isFunction(prepare) || !isFunction(all)) return [];
    const rows = all.call(prepare.call(database, text));
    return Array.isArray(rows) ? rows : [];
  }
}

function own(handle: (self: object, args: unknown[], original: Method) => unknown): (original: Method) => Method {
  return (original) =>
    function method(this: unknown, ...args) {
      return typeof this === 'object' && this !== null ? handle(this, args, original) : original.apply(this, args);
    };
}

function valuesOf(row: unknown, columns: readonly SqliteColumn[]): readonly unknown[] {
  return Array.isArray(row) ? [...(row as unknown[])] : columns.map((column) => field(row, column.name));
}

function prototypeOf(exports: unknown, name: string): object {
  const prototype = field(field(exports, name), 'prototype');
  if (typeof prototype !== 'object' || prototype === null) throw new Error(`${name} has another shape than expected`);
  return prototype;
}
