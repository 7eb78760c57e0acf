/** A part of a statement's text: a value written into it, a mark for one, or anything else. */
export interface Piece {
  readonly kind: 'text' | 'number' | 'bytes' | 'null' | 'mark' | 'other';
  readonly raw: string;
}

const PIECE = new RegExp(
  [
    String.raw`([xX]'[^']*')`, String.raw`('(?:[^'\\]|''|\\[\s\S])*')`, String.raw`(\bNULL\b)`, String.raw`((?:(?<![\w)'"${'`'}]\s*)-)?(?<![\w.$@])\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.$]))`, String.raw`(\?)`,
    String.raw`("(?:[^"\\]|""|\\[\s\S])*"|${'`(?:[^`]|``)*`'}|--\s[^\n]*|\/\*[\s\S]*?\*\/)`,
  ].join('|'),
  'g',
);

/** Values and the text between them. Double quotes are taken for names or texts that nobody compares by value. */
export function pieces(text: string): readonly Piece[] {
  const found: Piece[] = [];
  let between = '';
  let at = 0;
  for (const match of text.matchAll(PIECE)) {
    between += text.slice(at, match.index);
    const [raw, bytes, quoted, nothing, number, mark] = match;
    at = match.index + raw.length;
    const kind = bytes !== undefined ? 'bytes' : quoted !== undefined ? 'text' : nothing !== undefined ? 'null' : number !== undefined ? 'number' : mark !== undefined ? 'mark' : undefined;
    if (kind === undefined) {
      between += raw;
      continue;
    }
    found.push({ kind: 'other', raw: between }, { kind, raw });
    between = '';
  }
  return [...found, { kind: 'other', raw: between + text.slice(at) }];
}

const ESCAPES: Readonly<Record<string, string>> = { '0': '\0', b: '\b', n: '\n', r: '\r', t: '\t', Z: '\x1a', '%': String.raw`\%`, _: String.raw`\_` };

/** What a value that is written in a statement means: text, or base64 of bytes; null for NULL. */
export function meaning({ kind, raw }: Piece): string | null {
  if (kind === 'null') return null;
  if (kind === 'bytes') return Buffer.from(raw.slice(2, -1), 'hex').toString('base64');
  if (kind !== 'text') return raw;
  return raw.slice(1, -1).replaceAll(/\\([\s\S])|''/g, (_, escaped?: string) => (escaped === undefined ? "'" : (ESCAPES[escaped] ?? escaped)));
}
