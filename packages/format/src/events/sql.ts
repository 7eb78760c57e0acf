/** SQL. */
import type { EventBase, Outcome } from './base.js';

/** A value in the engine's own text form; null is SQL NULL. SQLite cells whose storage class differs from the field's type say so. */
export type Cell = string | null | { readonly base64: string } | { readonly storage: 'integer' | 'real' | 'text'; readonly text: string };

export interface SqlField {
  readonly name: string;
  /** The engine's type name (`int4`, `text`); for SQLite the storage class of the column's cells. */
  readonly type: string;
  /** Origin, where the driver tells it. */
  readonly table?: string;
  readonly column?: string;
  /** Postgres: the origin's table OID and attribute number, where names are not known. */
  readonly tableId?: number;
  readonly columnId?: number;
}

export interface SqlResult {
  /** Command tag without counts: `SELECT`, `INSERT`, `BEGIN`. */
  readonly command: string;
  readonly rowCount: number | null;
  readonly fields: readonly SqlField[];
  readonly rows: readonly (readonly Cell[])[];
  /** SQLite: the rowid of the last insert. MySQL: the first key that it generated. */
  readonly lastId?: string;
  /** Results of the statements after the first, for a text of several statements. */
  readonly more?: readonly SqlResult[];
}

export interface SqlEvent extends EventBase {
  readonly kind: 'sql';
  /** Name of an entry of `databases`. */
  readonly database: string;
  /** Connection, numbered from 1 in order of first use. */
  readonly session: number;
  readonly text: string;
  readonly params?: readonly Cell[];
  /** Name of the prepared statement, where there is one. */
  readonly prepared?: string;
  readonly outcome: Outcome<SqlResult>;
}
