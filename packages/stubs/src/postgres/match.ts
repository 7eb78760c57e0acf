import type { Cell } from '@deja/format';
import type { Difference } from '../ledger.js';
import type { SqlExchange } from '../plan.js';
import { sameValue } from '../same-value.js';
import { commonStart } from '../sql/describe.js';
import { cellBytes } from './answer.js';

/** A statement as it arrived at the proxy, its parameters as bytes on the wire. */
export interface SqlQuestion {
  readonly text: string;
  readonly params: readonly (Buffer | null)[];
}

/** The first difference between a recorded statement and one that arrived, or null when they ask the same. */
export function differentStatement(recorded: SqlExchange, asked: SqlQuestion): Difference | null {
  if (recorded.text !== asked.text) return { distance: 1000 - Math.min(commonStart(recorded.text, asked.text), 900), text: `text differs from character ${commonStart(recorded.text, asked.text)} on` };
  if (recorded.params.length !== asked.params.length) return { distance: 50, text: `${asked.params.length} instead of ${recorded.params.length} parameters` };
  const different = recorded.params.flatMap((cell, index) => (sameParameter(cell, asked.params[index] ?? null, recorded) ? [] : [index]));
  const [first] = different;
  if (first === undefined) return null;
  return { distance: different.length, text: `parameter $${first + 1}: ${show(asked.params[first] ?? null)} instead of ${show(cellBytes(recorded.params[first] ?? null))}` };
}

function sameParameter(recorded: Cell, asked: Buffer | null, exchange: SqlExchange): boolean {
  const bytes = cellBytes(recorded);
  if (bytes === null || asked === null) return bytes === asked;
  return bytes.equals(asked) || (typeof recorded === 'string' && sameValue(recorded, asked.toString(), exchange));
}

function show(bytes: Buffer | null): string {
  if (bytes === null) return 'NULL';
  const text = bytes.toString();
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
