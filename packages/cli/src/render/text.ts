import { stripVTControlCharacters } from 'node:util';

/** Text of a package made fit for a terminal: its control characters are shown, not obeyed. Lines stay lines. */
export function visible(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`);
}

/** On one line, its white space folded. */
export function oneLine(text: string): string {
  return visible(text.replaceAll(/\s+/g, ' ').trim());
}

/** At most so many columns; what is cut shows. */
export function cut(text: string, width: number): string {
  if (width < 1 || text.length <= width) return text;
  return `${text.slice(0, Math.max(0, width - 1))}…`;
}

/** Columns that a text takes, colours aside; wide East Asian characters and emoji take two. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of stripVTControlCharacters(text)) {
    if (/\p{Mark}/u.test(character)) continue;
    width += /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Extended_Pictographic}/u.test(character) && (character.codePointAt(0) ?? 0) > 0x10ff ? 2 : 1;
  }
  return width;
}

export function indent(text: string, by: string): string {
  return text.split('\n').map((line) => (line === '' ? line : by + line)).join('\n');
}
