import type { IoError } from '@deja/format';
import type { Recorder } from '../../core/recorder.js';
import { noteNotCaptured } from '../../hooks/not-captured.js';
import type { SqliteAnswers } from '../../replay/sqlite-answers.js';
import { sqliteClockOf, type ClockedDriver, type SqliteReplayClock } from '../../replay/sqlite-clock.js';
import { field, isFunction, textField } from '../shared/values.js';
import type { Method } from '../shared/wrap.js';
import { fromAnswer, type CallKind, type Form } from './answer.js';
import { parameterCell } from './cells.js';
import { fileOf, SCHEMA_QUERY, type SqliteFile } from './file.js';
import { boundValues } from './parameters.js';
import { SqliteEvent, type SqliteColumn } from './statement-event.js';

export interface Prepared {
  readonly text: string;
  readonly database: object;
  /** The engine would not prepare it, but its answers are recorded. */
  readonly fake: boolean;
  form: Form;
  columns: readonly SqliteColumn[] | undefined;
  /** Values bound for every call. */
  bound: readonly unknown[] | undefined;
}

/** What the two synchronous SQLite drivers of Node have in common: statements are prepared, then called, and answer at once. */
export abstract class SqliteDriver {
  readonly #recorder: Recorder;
  protected readonly answers: SqliteAnswers | null;
  readonly #prepared = new WeakMap<object, Prepared>();
  readonly #files = new WeakMap<object, SqliteFile>();
  #clock: SqliteReplayClock | null = null;

  constructor(recorder: Recorder, answers: SqliteAnswers | null) {
    this.#recorder = recorder;
    this.answers = answers;
  }

  /** From now on SQLite reads the clock that a replay moves, if it moves one. */
  protected followClock(driver: ClockedDriver): void {
    this.#clock = sqliteClockOf(process.env, driver);
  }

  /** As the application imports it. */
  protected abstract readonly name: string;
  /** Rows as objects, by the driver's own unwrapped methods. */
  protected abstract query(database: object, text: string): readonly unknown[];
  /** The columns of a statement's answer; undefined where the driver cannot tell. */
  protected abstract columnsOf(statement: object): readonly SqliteColumn[] | undefined;
  /** The prototype of the driver's statements. */
  protected abstract statementPrototype(database: object): object;
  protected abstract toError(error: IoError): Error;

  protected exec(database: object, args: unknown[], original: Method): unknown {
    const [text] = args;
    if (typeof text !== 'string') return original.apply(database, args);
    return this.#observed(database, text, [], (event) => {
      const answer = this.answers?.take(this.#file(database).path, text, []);
      if (answer && 'error' in answer) throw this.toError(answer.error);
      const result = answer ? database : original.apply(database, args);
      event?.succeeded();
      return result;
    });
  }

  protected prepare(database: object, args: unknown[], original: Method): unknown {
    const [text] = args;
    if (typeof text !== 'string') return original.apply(database, args);
    this.#readClock(database);
    try {
      const statement = original.apply(database, args);
      if (typeof statement === 'object' && statement !== null) this.know(statement, database, text, false);
      return statement;
    } catch (error) {
      if (this.answers?.knows(text)) {
        const statement = Object.create(this.statementPrototype(database)) as object;
        this.know(statement, database, text, true);
        return statement;
      }
      return this.#observed(database, text, [], () => {
        throw error;
      });
    }
  }

  protected know(statement: object, database: object, text: string, fake: boolean): Prepared {
    const prepared: Prepared = { text, database, fake, form: { arrays: false, bigints: false }, columns: undefined, bound: undefined };
    this.#prepared.set(statement, prepared);
    return prepared;
  }

  protected preparedOf(statement: object): Prepared | undefined {
    return this.#prepared.get(statement);
  }

  protected call(kind: CallKind, statement: object, args: unknown[], original: Method): unknown {
    const prepared = this.preparedOf(statement);
    if (prepared === undefined) return original.apply(statement, args);
    const { database, text } = prepared;
    const bound = prepared.bound ?? args;
    return this.#observed(database, text, bound, (event) => {
      const answer = this.answers?.take(this.#file(database).path, text, boundValues(text, bound).map((value) => parameterCell(value, '', (_, text) => text)));
      if (!answer && prepared.fake) throw this.toError({ message: `no recorded answer is left for: ${text}`, code: 'ERR_SQLITE_ERROR', errno: 1 });
      if (answer && 'ok' in answer) prepared.columns = answer.ok.fields.map(({ name, table, column, type }) => ({ name, table: table ?? null, column: column ?? null, type }));
      const result = answer ? fromAnswer(answer, kind, prepared.form, (error) => this.toError(error)) : original.apply(statement, args);
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
    for (const row of rows) event.row(valuesOf(row, prepared));
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
          else event.row(valuesOf(field(step, 'value'), prepared));
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
    if (prepared.form.pluck && columns.length > 1) event.flawed('of a plucked row only the first column is known');
    else if (!prepared.form.arrays && new Set(columns.map((column) => column.name)).size < columns.length) event.flawed('of columns with the same name only the last is known');
  }

  #columns(statement: object, prepared: Prepared, row: unknown): readonly SqliteColumn[] {
    // Where a statement does not tell its columns, the rows do.
    prepared.columns ??= prepared.fake ? undefined : this.columnsOf(statement);
    return prepared.columns ?? (typeof row === 'object' && row !== null ? (prepared.columns = Object.keys(row).map((name) => ({ name }))) : []);
  }

  /** Runs a call with its event; whatever observing breaks, the call is made once and its result or error is the application's. */
  #observed(database: object, text: string, args: readonly unknown[], call: (event: SqliteEvent | null) => unknown): unknown {
    this.#readClock(database);
    let event: SqliteEvent | null = null;
    try {
      event = SqliteEvent.begin(this.#recorder, this.#file(database), database, text, args);
    } catch {
      noteNotCaptured(`some statements of ${this.name}`);
    }
    try {
      return call(event);
    } catch (error) {
      event?.failed(error);
      throw error;
    }
  }

  #readClock(database: object): void {
    try {
      this.#clock?.read(database);
    } catch (error) {
      this.#clock = null;
      process.stderr.write(`deja: ${this.name} shows the time of this machine: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  }

  #file(database: object): SqliteFile {
    let file = this.#files.get(database);
    if (file === undefined) {
      const list = this.query(database, 'PRAGMA database_list');
      const path = textField(list.find((one) => textField(one, 'name') === 'main'), 'file') ?? null;
      file = fileOf(path, () => ({
        ddl: this.query(database, SCHEMA_QUERY).map((one) => `${textField(one, 'sql') ?? ''};`).join('\n'),
        version: textField(this.query(database, 'SELECT sqlite_version() AS version')[0], 'version'),
      }));
      this.#files.set(database, file);
    }
    return file;
  }
}

export function own(handle: (self: object, args: unknown[], original: Method) => unknown): (original: Method) => Method {
  return (original) =>
    function method(this: unknown, ...args) {
      return typeof this === 'object' && this !== null ? handle(this, args, original) : original.apply(this, args);
    };
}

/** Values in the order of the columns, whatever form the application asked for. */
function valuesOf(row: unknown, { columns = [], form }: Prepared): readonly unknown[] {
  if (form.pluck) return columns.map((_, index) => (index === 0 ? row : null));
  if (Array.isArray(row)) return [...(row as unknown[])];
  if (form.expand) return columns.map(({ name, table }) => field(field(row, table ?? '$'), name));
  return columns.map((column) => field(row, column.name));
}
