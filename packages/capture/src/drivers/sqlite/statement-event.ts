import type { EventBody, Outcome, SqlField, SqlResult } from '@deja/format';
import type { LiveEvent, OpenEvent, Packing, Recorder } from '../../core/recorder.js';
import { ioErrorOf } from '../shared/io-error.js';
import { parameterNames } from '../shared/parameter-names.js';
import { sessionOf } from '../shared/sessions.js';
import { field } from '../shared/values.js';
import { cellOf, parameterCell, storageOf, type Storage } from './cells.js';
import type { SqliteFile } from './file.js';
import { boundValues, commandOf } from './parameters.js';

export interface SqliteColumn {
  readonly name: string;
  readonly table?: string | null;
  readonly column?: string | null;
  /** As declared. */
  readonly type?: string | null;
}

const WRITES = new Set(['INSERT', 'UPDATE', 'DELETE', 'REPLACE']);

/** One statement, run from its beginning to its end within a call of the application. */
export class SqliteEvent implements LiveEvent {
  readonly kind = 'sql';
  readonly #file: SqliteFile;
  readonly #connection: object;
  readonly #text: string;
  readonly #args: readonly unknown[];
  readonly #rows: (readonly unknown[])[] = [];
  #open: OpenEvent | null = null;
  #columns: readonly SqliteColumn[] = [];
  #changes: unknown;
  #lastId: unknown;
  #unkept = 0;
  #flaw: string | undefined;
  #state: 'open' | 'ok' | 'error' = 'open';
  #error: unknown;

  private constructor(file: SqliteFile, connection: object, text: string, args: readonly unknown[]) {
    this.#file = file;
    this.#connection = connection;
    this.#text = text;
    this.#args = args;
  }

  static begin(recorder: Recorder, file: SqliteFile, connection: object, text: string, args: readonly unknown[]): SqliteEvent | null {
    const event = new SqliteEvent(file, connection, text, args);
    event.#open = recorder.begin(event);
    event.#open?.keep(300 + text.length * 2);
    return event.#open === null ? null : event;
  }

  columns(columns: readonly SqliteColumn[]): void {
    this.#columns = columns;
  }

  /** Values in the order of the columns: rows belong to the application, which may change them, so they are not kept themselves. */
  row(values: readonly unknown[]): void {
    let bytes = 32;
    for (const value of values) bytes += typeof value === 'string' ? value.length * 2 : value instanceof Uint8Array ? value.byteLength : 8;
    if (this.#unkept > 0 || this.#open?.keep(bytes) === false) this.#unkept += 1;
    else this.#rows.push(values);
  }

  /** Something of the answer that cannot be told exactly. */
  flawed(what: string): void {
    this.#flaw = what;
  }

  changed(changes: unknown, lastId: unknown): void {
    this.#changes = changes;
    this.#lastId = lastId;
  }

  succeeded(): void {
    if (this.#state !== 'open') return;
    this.#state = 'ok';
    this.#open?.end();
  }

  failed(error: unknown): void {
    if (this.#state !== 'open') return;
    this.#state = 'error';
    this.#error = error;
    this.#open?.end();
  }

  toBody(pack: Packing): EventBody {
    if (this.#unkept > 0) pack.limit(`${this.#unkept} rows of a statement were not kept: ${this.#text.slice(0, 80)}`);
    if (this.#flaw !== undefined) pack.limit(`${this.#flaw}: ${this.#text.slice(0, 80)}`);
    const names = parameterNames(this.#text);
    const redact = (name: string, value: string): string => pack.redact(name, value);
    const params = boundValues(this.#text, this.#args).map((value, index) => parameterCell(value, names.get(index) ?? `?${index + 1}`, redact));
    return {
      kind: 'sql',
      database: this.#file.register(pack),
      session: sessionOf(this.#connection),
      text: pack.redact('db.query.text', this.#text),
      ...(params.length > 0 ? { params } : {}),
      outcome: this.#outcome(pack),
    };
  }

  #outcome(pack: Packing): Outcome<SqlResult> {
    switch (this.#state) {
      case 'ok':
        return { ok: this.#result(pack) };
      case 'error': {
        const errcode = field(this.#error, 'errcode');
        const error = ioErrorOf(this.#error, (name, value) => pack.redact(name, value));
        return { error: typeof errcode === 'number' ? { ...error, errno: errcode } : error };
      }
      case 'open':
        return { pending: this.#rows.length > 0 ? { partial: this.#result(pack) } : {} };
    }
  }

  /** `exec` does not tell how many rows it changed. */
  #unknownCount(command: string): number | null {
    return WRITES.has(command) ? null : 0;
  }

  #result(pack: Packing): SqlResult {
    const command = commandOf(this.#text);
    const storages = this.#rows.map((row) => this.#columns.map((column, index) => storageOf(row[index], column.type ?? undefined)));
    const types = this.#columns.map((_, index): Storage => storages.find((row) => row[index] !== 'null')?.[index] ?? 'null');
    const fields = this.#columns.map(
      (column, index): SqlField => ({ name: column.name, type: types[index] ?? 'null', ...(column.table && column.column ? { table: column.table, column: column.column } : {}) }),
    );
    const rows = this.#rows.map((row, at) =>
      this.#columns.map((column, index) => cellOf(row[index], storages[at]?.[index] ?? 'null', types[index] ?? 'null', column.column ?? column.name, (name, value) => pack.redact(name, value))),
    );
    const writes = WRITES.has(command) && this.#changes !== undefined;
    return {
      command,
      rowCount: this.#columns.length > 0 ? this.#rows.length + this.#unkept : writes ? Number(this.#changes) : this.#unknownCount(command),
      fields,
      rows,
      ...(writes && (typeof this.#lastId === 'number' || typeof this.#lastId === 'bigint') ? { lastId: String(this.#lastId) } : {}),
    };
  }
}
