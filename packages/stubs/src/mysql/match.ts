import type { Cell } from '@deja/format';
import type { MysqlValue } from '@deja/wire';
import type { Difference } from '../ledger.js';
import type { SqlExchange } from '../plan.js';
import { sameValue } from '../same-value.js';
import { commonStart } from '../sql/describe.js';
import { meaning, type Piece, pieces } from './pieces.js';

/** A statement as it arrived at the proxy. Without `params` it came as text, with its values written into it. */
export interface MysqlQuestion {
  readonly text: string;
  readonly params?: readonly MysqlValue[];
}

/** The first difference between a recorded statement and one that arrived, or null when they ask the same. */
export function differentMysqlStatement(recorded: SqlExchange, asked: MysqlQuestion): Difference | null {
  if (asked.params === undefined) return differentText(recorded, asked.text);
  if (recorded.text !== asked.text) return textDiffers(recorded.text, asked.text);
  if (recorded.params.length !== asked.params.length) return { distance: 50, text: `${asked.params.length} instead of ${recorded.params.length} parameters` };
  const different = asked.params.flatMap((value, index) => (sameParameter(recorded.params[index] ?? null, shown(value), recorded) ? [] : [index]));
  return parameterDiffers(different, recorded, (index) => shown(asked.params?.[index] ?? null));
}

/** Values that the driver wrote into the text stand where the recording has marks. */
function differentText(recorded: SqlExchange, asked: string): Difference | null {
  if (recorded.params.length === 0 && recorded.text === asked) return null;
  const [then, now] = [pieces(recorded.text), pieces(asked)];
  if (then.length !== now.length) return textDiffers(recorded.text, asked);
  const values: (string | null)[] = [];
  const marks = then.filter(({ kind }) => kind === 'mark').length;
  for (const [index, piece] of then.entries()) {
    const other = now[index] ?? piece;
    if (piece.kind === 'mark' && marks === recorded.params.length && other.kind !== 'other') values.push(meaning(other));
    else if (!samePiece(piece, other, recorded)) return textDiffers(recorded.text, asked);
  }
  const different = values.flatMap((value, index) => (sameParameter(recorded.params[index] ?? null, value, recorded) ? [] : [index]));
  return parameterDiffers(different, recorded, (index) => values[index] ?? null);
}

function samePiece(recorded: Piece, asked: Piece, exchange: SqlExchange): boolean {
  if (recorded.kind !== asked.kind) return false;
  if (recorded.kind === 'other' || recorded.kind === 'mark') return recorded.raw === asked.raw;
  return recorded.raw === asked.raw || sameValue(meaning(recorded) ?? 'NULL', meaning(asked) ?? 'NULL', exchange);
}

function sameParameter(recorded: Cell, asked: string | null, exchange: SqlExchange): boolean {
  const text = cellText(recorded);
  if (text === null || asked === null) return text === asked;
  // Bytes may have come as text, and the other way round.
  if (text === asked || (recorded !== null && typeof recorded === 'object' && 'base64' in recorded && Buffer.from(asked).toString('base64') === text)) return true;
  return typeof recorded === 'string' && sameValue(recorded, asked, exchange);
}

function cellText(cell: Cell): string | null {
  if (cell === null || typeof cell === 'string') return cell;
  return 'base64' in cell ? cell.base64 : cell.text;
}

function shown(value: MysqlValue): string | null {
  if (value === null) return null;
  return value.kind === 'bytes' ? value.bytes.toString('base64') : value.text;
}

function parameterDiffers(different: readonly number[], recorded: SqlExchange, asked: (index: number) => string | null): Difference | null {
  const [first] = different;
  if (first === undefined) return null;
  return { distance: different.length, text: `parameter ${first + 1}: ${inWords(asked(first))} instead of ${inWords(cellText(recorded.params[first] ?? null))}` };
}

function textDiffers(recorded: string, asked: string): Difference {
  const same = commonStart(recorded, asked);
  return { distance: 1000 - Math.min(same, 900), text: `text differs from character ${same} on` };
}

function inWords(text: string | null): string {
  if (text === null) return 'NULL';
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
