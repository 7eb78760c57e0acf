const COMPARISON = /"?([a-z_][\w$]*)"?\s*(?:=|<>|!=|<=|>=|<|>|~\*?|\b(?:not\s+)?i?like\b|\bin\s*\(|=\s*any\s*\()\s*(?:lower\s*\()?\s*(\$\d+|\?)/gi;
const MARK = /\$\d+|\?/g;
const INSERT = /\binsert\s+into\s+[^\s(]+\s*(?:as\s+\w+\s*)?\(([^)]*)\)\s*values\s*/i;

/**
 * Names of columns that parameters stand for, as far as the text shows them plainly (`email = $1`, `insert into t (email) values ($1)`):
 * by index from 0. For redaction; a parameter without a name is redacted by its value alone.
 */
export function parameterNames(text: string): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  const positions = questionMarks(text);
  for (const match of text.matchAll(COMPARISON)) {
    const [whole, column, mark] = match;
    if (column === undefined || mark === undefined) continue;
    const index = mark === '?' ? positions.indexOf(match.index + whole.length - 1) : Number(mark.slice(1)) - 1;
    if (index >= 0) names.set(index, column);
  }
  const insert = INSERT.exec(text);
  if (insert?.[1] === undefined) return names;
  const columns = insert[1].split(',').map((part) => part.trim().replaceAll('"', ''));
  for (const { cell, offset, column } of valueCells(text, insert.index + insert[0].length)) {
    const name = columns[column];
    if (name === undefined) continue;
    for (const match of cell.matchAll(MARK)) {
      const index = match[0] === '?' ? positions.indexOf(offset + match.index) : Number(match[0].slice(1)) - 1;
      if (index >= 0) names.set(index, name);
    }
  }
  return names;
}

interface ValueCell {
  readonly cell: string;
  readonly offset: number;
  readonly column: number;
}

/** The expressions of `(a, f(b)), (c, d)`, each with its place in its row. */
function* valueCells(text: string, from: number): Generator<ValueCell> {
  let depth = 0;
  let column = 0;
  let start = from;
  for (let at = from; at < text.length; at++) {
    const char = text[at];
    if (char === "'" || char === '"') {
      const end = text.indexOf(char, at + 1);
      if (end < 0) return;
      at = end; // A doubled quote ends one literal and begins the next.
    } else if (char === '(') {
      depth += 1;
      if (depth === 1) [start, column] = [at + 1, 0];
    } else if (char === ')' || char === ',') {
      if (depth === 1) {
        yield { cell: text.slice(start, at), offset: start, column };
        [start, column] = [at + 1, column + 1];
      }
      if (char === ')') depth -= 1;
    } else if (depth === 0 && !/\s/.test(char ?? '')) {
      return; // ON CONFLICT, RETURNING …
    }
  }
}

/** Offsets of the `?` marks outside of quotes. */
function questionMarks(text: string): readonly number[] {
  const found: number[] = [];
  for (const match of text.matchAll(/'(?:[^']|'')*'|"[^"]*"|\?/g)) if (match[0] === '?') found.push(match.index);
  return found;
}
