import type { Cell, EventBody, IoPhase, Outcome, SqlField, SqlResult } from '@deja/format';
import type { LiveEvent, OpenEvent, Packing } from '../../core/recorder.js';
import { ioErrorOf } from '../shared/io-error.js';
import { parameterNames } from '../shared/parameter-names.js';
import { redactBytes } from '../shared/redact-bytes.js';
import { textField } from '../shared/values.js';
import type { PgDatabase } from './database.js';
import { typeName } from './type-names.js';

/** A column as the server described it. */
export interface PgField {
  readonly name: string;
  readonly tableID: number;
  readonly columnID: number;
  readonly dataTypeID: number;
  readonly format?: string;
}

/** One statement's answer, by reference to what the driver parsed off the wire. */
interface Segment {
  fields: readonly PgField[] | undefined;
  readonly rows: (readonly unknown[])[];
  /** `INSERT 0 1`; undefined until the statement is complete. */
  tag: string | undefined;
}

export interface Statement {
  readonly text: string;
  readonly name: string | undefined;
  /** As the application gave them. */
  readonly values: readonly unknown[] | undefined;
}

const OVERHEAD = 300;
const COPY = /^\s*copy\b/i;

/** One call of `query`. */
export class PgQueryEvent implements LiveEvent {
  readonly kind = 'sql';
  readonly #database: PgDatabase;
  #session = 0;
  readonly #statement: Statement;
  readonly #toText: (value: unknown) => unknown;
  readonly #segments: Segment[] = [];
  open: OpenEvent | null = null;
  #onSuccess: (() => void) | undefined;
  /** As they went onto the wire. */
  #wire: readonly unknown[] | undefined;
  sent = false;
  /** Some rows were left at the server: a cursor that was not read to its end. */
  suspended = false;
  #bytes = 0;
  #unkept = 0;
  #state: 'open' | 'ok' | 'error' = 'open';
  #error: unknown;

  constructor(database: PgDatabase, statement: Statement, toText: (value: unknown) => unknown) {
    this.#database = database;
    this.#statement = statement;
    this.#toText = toText;
  }

  begun(open: OpenEvent, session: number, onSuccess: () => void): void {
    this.open = open;
    this.#session = session;
    this.#onSuccess = onSuccess;
    open.keep(OVERHEAD + this.#statement.text.length * 2);
  }

  parameters(wire: readonly unknown[]): void {
    let bytes = 0;
    for (const value of wire) if (typeof value === 'string' || value instanceof Uint8Array) bytes += value.length;
    if (this.open?.keep(bytes) !== false) this.#wire = wire;
  }

  describe(fields: readonly PgField[]): void {
    const last = this.#segments.at(-1);
    if (last !== undefined && last.tag === undefined && last.rows.length === 0) last.fields = fields;
    else this.#segments.push({ fields, rows: [], tag: undefined });
  }

  row(cells: readonly unknown[], bytes: number): void {
    this.#bytes += bytes;
    if (this.#unkept > 0 || this.open?.keep(bytes + 64) === false) {
      this.#unkept += 1;
      return;
    }
    const last = this.#segments.at(-1);
    if (last !== undefined && last.tag === undefined) last.rows.push(cells);
  }

  complete(tag: string): void {
    const last = this.#segments.at(-1);
    if (last !== undefined && last.tag === undefined) last.tag = tag;
    else this.#segments.push({ fields: undefined, rows: [], tag });
  }

  succeeded(): void {
    if (this.#state !== 'open') return;
    this.#state = 'ok';
    this.open?.end();
    this.#onSuccess?.();
  }

  failed(error: unknown): void {
    if (this.#state !== 'open') return;
    this.#state = 'error';
    this.#error = error;
    this.open?.end();
  }

  toBody(pack: Packing): EventBody {
    const { text, name } = this.#statement;
    const params = this.#params(pack);
    if (this.#unkept > 0) pack.limit(`${this.#unkept} rows of a statement were not kept: ${text.slice(0, 80)}`);
    if (this.suspended) pack.limit(`rows of a cursor that the application did not fetch are not known: ${text.slice(0, 80)}`);
    if (COPY.test(text)) pack.limit(`data of COPY is not captured: ${text.slice(0, 80)}`);
    return {
      kind: 'sql',
      database: this.#database.register(pack),
      session: this.#session,
      text: pack.redact('db.query.text', text),
      ...(params === undefined ? {} : { params }),
      ...(name === undefined || name === '' ? {} : { prepared: name }),
      outcome: this.#outcome(pack),
    };
  }

  #outcome(pack: Packing): Outcome<SqlResult> {
    const results = this.#segments.map((segment) => this.#result(segment, pack));
    const [first, ...more] = results;
    switch (this.#state) {
      case 'ok':
        if (first === undefined) pack.limit('the answer to a statement could not be seen');
        return { ok: { ...(first ?? { command: '', rowCount: null, fields: [], rows: [] }), ...(more.length > 0 ? { more } : {}) } };
      case 'error': {
        const partial = first === undefined ? {} : { partial: { ...first, ...(more.length > 0 ? { more } : {}) } };
        return { error: ioErrorOf(this.#error, (name, value) => pack.redact(name, value), this.#where()), ...partial };
      }
      case 'open':
        return { pending: first === undefined ? {} : { partial: { ...first, ...(more.length > 0 ? { more } : {}) } } };
    }
  }

  /** An error that the server sent has no place of its own: the exchange worked. */
  #where(): { readonly phase?: IoPhase; readonly bytes?: number } {
    if (textField(this.#error, 'severity') !== undefined) return {};
    return { phase: !this.sent ? 'send' : this.#bytes > 0 ? 'receive' : 'wait', bytes: this.#bytes };
  }

  #result(segment: Segment, pack: Packing): SqlResult {
    const fields = (segment.fields ?? []).map((one) => this.#field(one));
    if (segment.fields?.some((one) => one.format === 'binary')) pack.limit('cells in binary format are not exact');
    const [, command = '', count] = /^(.*?)(?: \d+)*?(?: (\d+))?$/.exec(segment.tag ?? '') ?? [];
    return {
      command,
      rowCount: count === undefined ? null : Number(count),
      fields,
      rows: segment.rows.map((cells) => cells.map((cell, index) => cellOf(cell, fields[index]?.column ?? fields[index]?.name ?? '', pack))),
    };
  }

  #field(one: PgField): SqlField {
    const origin = this.#database.catalog?.tables.get(one.tableID);
    const column = origin?.columns.get(one.columnID);
    return {
      name: one.name,
      type: this.#database.catalog?.types.get(one.dataTypeID) ?? typeName(one.dataTypeID),
      ...(origin === undefined ? {} : { table: origin.name }),
      ...(column === undefined ? {} : { column }),
      ...(one.tableID === 0 ? {} : { tableId: one.tableID, columnId: one.columnID }),
    };
  }

  #params(pack: Packing): readonly Cell[] | undefined {
    const values = this.#wire ?? this.#statement.values?.map((value) => asText(this.#toText, value));
    if (values === undefined) return undefined;
    const names = parameterNames(this.#statement.text);
    return values.map((value, index) => cellOf(value, names.get(index) ?? `$${index + 1}`, pack));
  }
}

function cellOf(value: unknown, name: string, pack: Packing): Cell {
  if (value === null || value === undefined) return null;
  if (value instanceof Uint8Array) {
    const base64 = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
    return { base64: redactBytes(name, base64, (key, text) => pack.redact(key, text)) };
  }
  return typeof value === 'string' ? pack.redact(name, value) : null;
}

function asText(convert: (value: unknown) => unknown, value: unknown): unknown {
  try {
    return convert(value);
  } catch {
    return null; // It could not be sent either.
  }
}
