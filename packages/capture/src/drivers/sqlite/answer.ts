import type { IoError, SqlResult } from '@deja/format';
import type { AnswerOf } from '../../replay/sqlite-answers.js';
import { valueOf } from './cells.js';

/** In which form the application asked for rows. */
export interface Form {
  readonly arrays: boolean;
  readonly bigints: boolean;
  /** Of each row the first value only (better-sqlite3). */
  readonly pluck?: boolean;
  /** Rows by table, and in them by column (better-sqlite3). */
  readonly expand?: boolean;
}

export type CallKind = 'all' | 'get' | 'run' | 'iterate';

/** What the call would have returned, made from a recorded answer. Throws the recorded error. */
export function fromAnswer(answer: AnswerOf, kind: CallKind, form: Form, toError: (error: IoError) => Error): unknown {
  if ('error' in answer) throw toError(answer.error);
  const rows = rowsOf(answer.ok, form);
  switch (kind) {
    case 'all':
      return rows;
    case 'get':
      return rows[0];
    case 'iterate':
      return rows[Symbol.iterator]();
    case 'run': {
      const [changes, rowid] = [answer.ok.rowCount ?? 0, answer.ok.lastId ?? '0'];
      return form.bigints ? { changes: BigInt(changes), lastInsertRowid: BigInt(rowid) } : { changes, lastInsertRowid: Number(rowid) };
    }
  }
}

function rowsOf(result: SqlResult, form: Form): unknown[] {
  return result.rows.map((cells) => {
    const values = cells.map((cell, index) => valueOf(cell, result.fields[index]?.type ?? 'text', form.bigints));
    if (form.pluck) return values[0];
    if (form.arrays) return values;
    const row = Object.create(null) as Record<string, unknown>;
    for (const [index, { name, table }] of result.fields.entries()) {
      if (form.expand) ((row[table ?? '$'] ??= {}) as Record<string, unknown>)[name] = values[index];
      else row[name] = values[index];
    }
    return row;
  });
}

export function nodeError(error: IoError): Error {
  const errstr = error.fields?.['errstr'];
  return Object.assign(new Error(error.message), {
    ...(error.code === undefined ? {} : { code: error.code }),
    ...(error.errno === undefined ? {} : { errcode: error.errno }),
    ...(errstr === undefined ? {} : { errstr }),
  });
}
