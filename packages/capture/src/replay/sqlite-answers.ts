import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Cell, ReplayInstructions, SqliteAnswer } from '@deja/format';

export type AnswerOf = SqliteAnswer['answer'];

/** Verbatim answers of statements whose recorded results no fixture can give. Each is given once, in recorded order, unless it may repeat. */
export class SqliteAnswers {
  readonly #answers: readonly SqliteAnswer[];
  readonly #given = new Set<SqliteAnswer>();

  constructor(answers: readonly SqliteAnswer[]) {
    this.#answers = answers.toSorted((a, b) => a.seq - b.seq);
  }

  /** Whether any answer, whatever the parameters, is left for the text. */
  knows(text: string): boolean {
    return this.#answers.some((answer) => answer.text === text && !this.#given.has(answer));
  }

  /** The recorded answer, or null when the engine shall answer. `file`: path of the database. */
  take(file: string, text: string, params: readonly Cell[]): AnswerOf | null {
    const fitting = this.#answers.filter((answer) => answer.text === text && !this.#given.has(answer) && sameCells(answer.params, params));
    const answer = fitting.find((one) => ofDatabase(one, file)) ?? fitting[0];
    if (answer === undefined) return null;
    if (!answer.repeat) this.#given.add(answer);
    return answer.answer;
  }
}

/** The names in a package are made from paths; a sandbox may hold the file elsewhere. */
function ofDatabase(answer: SqliteAnswer, file: string): boolean {
  return answer.database === file || basename(answer.database) === basename(file);
}

function sameCells(a: readonly Cell[], b: readonly Cell[]): boolean {
  return a.length === b.length && a.every((cell, index) => textOf(cell) === textOf(b[index] ?? null));
}

/** Numbers are compared as numbers: which storage class carried them is the driver's business. */
function textOf(cell: Cell): string {
  if (cell === null) return 'null';
  if (typeof cell === 'string') return `text ${cell}`;
  if ('base64' in cell) return `blob ${cell.base64}`;
  return cell.storage === 'text' ? `text ${cell.text}` : `number ${Number(cell.text)}`;
}

/** The answers of the replay that this process runs in; null in production, and when there are none. */
export function sqliteAnswersOf(env: Readonly<Record<string, string | undefined>>): SqliteAnswers | null {
  const path = env['DEJA_REPLAY'];
  if (!path) return null;
  const { sqlite } = JSON.parse(readFileSync(path, 'utf8')) as ReplayInstructions;
  return sqlite === undefined || sqlite.length === 0 ? null : new SqliteAnswers(sqlite);
}
