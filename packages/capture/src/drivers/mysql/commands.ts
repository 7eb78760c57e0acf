const PIECE = /'(?:[^'\\]|''|\\[\s\S])*'|"(?:[^"\\]|""|\\[\s\S])*"|`(?:[^`]|``)*`|--\s[^\n]*|#[^\n]*|\/\*[\s\S]*?\*\/|;/g;

/** The keyword of each statement of a text: `SELECT`, `INSERT`; of a WITH, the one that follows its common tables. */
export function commandsOf(text: string): readonly string[] {
  // Quotes and comments say nothing about it; what `/*!` begins is executed, but follows the keyword.
  const plain = text.replaceAll(PIECE, (piece) => (piece === ';' ? ';' : ' '));
  return plain.split(';').filter((one) => one.trim() !== '').map(commandOf);
}

function commandOf(plain: string): string {
  const first = (/^[\s(]*(\w+)/.exec(plain)?.[1] ?? '').toUpperCase();
  if (first !== 'WITH') return first;
  let depth = 0;
  for (const [word] of plain.matchAll(/\(|\)|\w+/g)) {
    if (word === '(') depth += 1;
    else if (word === ')') depth -= 1;
    else if (depth === 0 && /^(select|insert|update|delete|replace|values)$/i.test(word)) return word.toUpperCase();
  }
  return first;
}
