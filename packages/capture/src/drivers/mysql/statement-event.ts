import type { Cell, EventBody, IoPhase, Outcome, SqlResult } from '@deja/format';
import type { LiveEvent, OpenEvent, Packing } from '../../core/recorder.js';
import { ioErrorOf } from '../shared/io-error.js';
import { parameterNames } from '../shared/parameter-names.js';
import { redactBytes } from '../shared/redact-bytes.js';
import { field, textField } from '../shared/values.js';
import { AnswerPackets, readAnswer, type Segment } from './answer.js';
import type { RawCell } from './cells.js';
import { fieldOf, holdsBytes } from './column.js';
import { commandsOf } from './commands.js';
import type { MysqlDatabase } from './database.js';
import { sentParameters, type SentValue } from './parameters.js';
import { liftValues } from './written-values.js';

/** Roughly what an event costs beside its data. */
const OVERHEAD = 400;
/** Columns in one of the character sets of one byte. */
const ONE_BYTE: ReadonlySet<number> = new Set([5, 8, 15, 31, 47, 48, 49, 94]);

export interface MysqlStatement {
  /** As it is sent: with its values written into it where the application used `query`. */
  readonly text: string;
  /** The same with marks for the values. */
  readonly template: string | undefined;
  readonly prepared: boolean;
  /** Values as the application gave them: those of a statement that the server did not prepare were never sent. */
  readonly given?: readonly unknown[];
}

/** A statement under way, with the packets of its answer by reference. They are read only when a failure is packaged. */
export class MysqlStatementEvent implements LiveEvent {
  readonly kind = 'sql';
  readonly #database: MysqlDatabase;
  readonly #statement: MysqlStatement;
  readonly #packets = new AnswerPackets();
  #open: OpenEvent | undefined;
  #session = 0;
  #onAnswer: (() => void) | undefined;
  #sentValues: { readonly payload: Buffer; readonly count: number } | undefined;
  #extended = false;
  #sent = false;
  #bytes = 0;
  #unkept = 0;
  #state: 'open' | 'ok' | 'error' = 'open';
  #error: unknown;

  constructor(database: MysqlDatabase, statement: MysqlStatement) {
    this.#database = database;
    this.#statement = statement;
  }

  begun(open: OpenEvent, session: number, onAnswer: () => void): void {
    this.#open = open;
    this.#session = session;
    this.#onAnswer = onAnswer;
    open.keep(OVERHEAD + this.#statement.text.length * 2);
  }

  /** Its turn on the connection has come. */
  sent(): void {
    this.#sent = true;
  }

  /** The values of a prepared statement as they went onto the wire. */
  values(payload: Buffer, count: number): void {
    if (this.#open?.keep(payload.length) !== false) this.#sentValues = { payload, count };
  }

  packet(buffer: Buffer, start: number, end: number, extended: boolean): void {
    this.#extended = extended;
    this.#bytes += end - start;
    if (this.#unkept > 0 || this.#open?.keep(end - start + 48) === false) this.#unkept += 1;
    else this.#packets.push(buffer, start, end);
  }

  succeeded(): void {
    if (this.#state !== 'open') return;
    this.#state = 'ok';
    this.#open?.end();
    this.#onAnswer?.();
  }

  failed(error: unknown): void {
    if (this.#state !== 'open') return;
    this.#state = 'error';
    this.#error = error;
    this.#open?.end();
    // The server has answered all the same.
    if (this.#sent && isServerError(error)) this.#onAnswer?.();
  }

  /** Nothing was exchanged after all. */
  forget(): void {
    this.#open?.drop();
  }

  toBody(pack: Packing): EventBody {
    const { text, params } = this.#asked(pack);
    if (this.#unkept > 0) pack.limit(`${this.#unkept} rows of a statement were not kept: ${text.slice(0, 80)}`);
    return {
      kind: 'sql',
      database: this.#database.register(pack),
      session: this.#session,
      text: pack.redact('db.query.text', text),
      ...(params === undefined ? {} : { params }),
      outcome: this.#outcome(pack),
    };
  }

  #asked(pack: Packing): { readonly text: string; readonly params?: readonly Cell[] } {
    const { text, template, prepared, given = [] } = this.#statement;
    if (prepared) return { text, params: cellsOf(text, this.#sentValues === undefined ? given.map(givenValue) : sentParameters(this.#sentValues.payload, this.#sentValues.count), pack) };
    const lifted = template === undefined || template === text ? null : liftValues(template, text);
    return lifted === null ? { text } : { text: lifted.text, params: cellsOf(lifted.text, lifted.values, pack) };
  }

  #outcome(pack: Packing): Outcome<SqlResult> {
    const commands = commandsOf(this.#statement.text);
    const segments = readAnswer(this.#packets, { binary: this.#statement.prepared, extended: this.#extended });
    const [first, ...more] = segments.map((segment, index) => resultOf(segment, commands[index] ?? '', pack));
    const whole = first === undefined ? undefined : { ...first, ...(more.length > 0 ? { more } : {}) };
    switch (this.#state) {
      case 'ok':
        if (whole === undefined) pack.limit('the answer to a statement could not be seen');
        return { ok: whole ?? { command: commands[0] ?? '', rowCount: null, fields: [], rows: [] } };
      case 'error':
        return { error: ioErrorOf(this.#error, (name, value) => pack.redact(name, value), this.#where()), ...(whole === undefined ? {} : { partial: whole }) };
      case 'open':
        return { pending: whole === undefined ? {} : { partial: whole } };
    }
  }

  /** An error that the server gave to the statement has no place of its own: the exchange worked. */
  #where(): { readonly phase?: IoPhase; readonly bytes?: number } {
    if (!this.#sent) return { phase: 'send' };
    if (isServerError(this.#error)) return {};
    return { phase: this.#bytes > 0 ? 'receive' : 'wait', bytes: this.#bytes };
  }
}

export function isServerError(error: unknown): boolean {
  const errno = field(error, 'errno');
  return typeof errno === 'number' && errno >= 1000 && textField(error, 'sqlState') !== undefined;
}

function resultOf({ columns, rows, done }: Segment, command: string, pack: Packing): SqlResult {
  const fields = columns.map(fieldOf);
  if (done !== undefined) {
    const lastId = done.insertId === 0n || !/^(INSERT|REPLACE)$/.test(command) ? undefined : String(done.insertId);
    return { command, rowCount: done.affectedRows, fields, rows: [], ...(lastId === undefined ? {} : { lastId }) };
  }
  return {
    command,
    rowCount: rows.length,
    fields,
    rows: rows.map((row) => row.map((cell, index) => resultCell(cell, fields[index]?.type ?? '', columns[index]?.charset ?? 0, fields[index]?.column ?? fields[index]?.name ?? '', pack))),
  };
}

function resultCell(cell: RawCell, type: string, charset: number, name: string, pack: Packing): Cell {
  if (cell === null) return null;
  if (holdsBytes(type)) return { base64: redactBytes(name, cell.toString('base64'), (key, text) => pack.redact(key, text)) };
  return pack.redact(name, cell.toString(ONE_BYTE.has(charset) ? 'latin1' : 'utf8'));
}

function cellsOf(text: string, values: readonly SentValue[], pack: Packing): readonly Cell[] {
  const names = parameterNames(text.replaceAll('`', '"'));
  return values.map((value, index) => sentCell(value, names.get(index) ?? `$${index + 1}`, pack));
}

function givenValue(value: unknown): SentValue {
  if (typeof value === 'string') return { kind: 'text', text: value };
  return typeof value === 'number' || typeof value === 'bigint' ? { kind: 'number', text: String(value) } : null;
}

function sentCell(value: SentValue, name: string, pack: Packing): Cell {
  if (value === null) return null;
  if (value.kind === 'bytes') return { base64: redactBytes(name, value.bytes.toString('base64'), (key, text) => pack.redact(key, text)) };
  const text = pack.redact(name, value.text);
  return value.kind === 'text' || text !== value.text ? text : { storage: /^-?\d+$/.test(text) ? 'integer' : 'real', text };
}
