const TOKEN = /'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|--[^\n]*|\/\*[\s\S]*?\*\/|\?(\d*)|([:@$])([A-Za-z_]\w*)/g;

/**
 * The values that a call binds, by the number that SQLite gives each parameter of the text: names count when they first appear.
 * `args` as the application gave them: an object of names first or not at all, then values for the parameters without name.
 */
export function boundValues(text: string, args: readonly unknown[]): readonly unknown[] {
  const [first, ...others] = args;
  const named = isPlain(first) ? first : undefined;
  const positional = (named === undefined ? args : others).flatMap((value) => (Array.isArray(value) ? (value as unknown[]) : [value]));
  if (named === undefined) return positional;
  const values: unknown[] = [];
  const numbers = new Map<string, number>();
  let next = 0;
  for (const [, question, mark, name] of text.matchAll(TOKEN)) {
    if (mark !== undefined && name !== undefined) {
      if (numbers.has(mark + name)) continue;
      numbers.set(mark + name, values.length);
      values.push(named[mark + name] ?? named[name] ?? null);
    } else if (question === '') {
      values.push(positional[next++] ?? null);
    } else if (question !== undefined) {
      values[Number(question) - 1] = positional[Number(question) - 1] ?? null;
    }
  }
  return values;
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

/** The keyword that says what a statement is; of a WITH, the one that follows its common tables. */
export function commandOf(text: string): string {
  const plain = text.replaceAll(/--[^\n]*|\/\*[\s\S]*?\*\//g, ' ').trim();
  const first = (/^\w+/.exec(plain)?.[0] ?? '').toUpperCase();
  if (first !== 'WITH') return first;
  let depth = 0;
  for (const [word] of plain.replaceAll(/'(?:[^']|'')*'/g, "''").matchAll(/[()]|\w+/g)) {
    if (word === '(') depth += 1;
    else if (word === ')') depth -= 1;
    else if (depth === 0 && /^(select|insert|update|delete|replace|values)$/i.test(word)) return word.toUpperCase();
  }
  return first;
}
