const COMPARISON = /"?([a-z_][\w$]*)"?\s*(?:=|<>|!=|<=|>=|<|>|~\*?|\b(?:not\s+)?i?like\b|\bin\s*\(|=\s*any\s*\()\s*(?:lower\s*\()?\s*(\$\d+|\?)/gi;
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
  if (insert?.[1] !== undefined) {
    const columns = insert[1].split(',').map((part) => part.trim().replaceAll('"', ''));
    const start = insert.index + insert[0].length;
    // Rows of a list of values repeat the columns; expressions with commas inside end the counting.
    for (const row of text.slice(start).matchAll(/\(([^()]*)\)/g)) {
      let offset = start + row.index + 1;
      for (const [at, cell] of (row[1] ?? '').split(',').entries()) {
        const mark = cell.trim();
        const index = mark === '?' ? positions.indexOf(offset + cell.indexOf('?')) : /^\$\d+(::\w+)?$/.test(mark) ? Number.parseInt(mark.slice(1), 10) - 1 : -1;
        const column = columns[at];
        if (index >= 0 && column !== undefined) names.set(index, column);
        offset += cell.length + 1;
      }
    }
  }
  return names;
}

/** Offsets of the `?` marks outside of quotes. */
function questionMarks(text: string): readonly number[] {
  const found: number[] = [];
  for (const match of text.matchAll(/'(?:[^']|'')*'|"[^"]*"|\?/g)) if (match[0] === '?') found.push(match.index);
  return found;
}
