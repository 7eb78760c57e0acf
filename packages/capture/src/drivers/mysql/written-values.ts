import type { SentValue } from './parameters.js';

/** A text with marks for its values, and these. */
export interface Lifted {
  readonly text: string;
  readonly values: readonly SentValue[];
}

/** What the driver writes in the place of a mark: values, names, and what stands between those of lists and objects. */
const ITEM = /([xX]'[^']*')|('(?:[^'\\]|''|\\[\s\S])*')|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(`(?:[^`]|``)*`|\b(?:true|false|NULL)\b)|[(),=.]|\s+/y;

/**
 * The driver has written the values into the text before it was sent: this takes them out again. `template` is the text with its marks, `sent` the one
 * without. A list becomes as many marks as it has values. Null where the two do not fit.
 */
export function liftValues(template: string, sent: string): Lifted | null {
  // Two marks together are one, for a name.
  const [first = '', ...parts] = template.split(/\?\??/);
  if (!sent.startsWith(first)) return null;
  const values: SentValue[] = [];
  let text = first;
  let at = first.length;
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1;
    const fits = (place: number): boolean => (isLast ? sent.length - place === part.length : true) && sent.startsWith(part, place);
    if (sent[at] === '?') {
      // A mark inside of quotes or beyond the last value stays what it is.
      at += 1;
      text += '?';
    } else {
      const hole = readHole(sent, at, fits);
      if (hole === null) return null;
      at = hole.end;
      text += hole.text;
      values.push(...hole.values);
    }
    if (!fits(at)) return null;
    text += part;
    at += part.length;
  }
  return values.length === 0 ? null : { text, values };
}

function readHole(sent: string, from: number, fits: (place: number) => boolean): (Lifted & { readonly end: number }) | null {
  const values: SentValue[] = [];
  let text = '';
  for (let at = from; ; ) {
    ITEM.lastIndex = at;
    const match = ITEM.exec(sent);
    if (match === null) return null;
    const [raw, bytes, quoted, number, word] = match;
    at += raw.length;
    if (bytes !== undefined) values.push({ kind: 'bytes', bytes: Buffer.from(bytes.slice(2, -1), 'hex') });
    else if (quoted !== undefined) values.push({ kind: 'text', text: unescaped(quoted) });
    else if (number !== undefined) values.push({ kind: 'number', text: number });
    // NULL alone is a value; among others it is a word like true and false.
    else if (raw === 'NULL' && text === '' && fits(at)) values.push(null);
    else {
      text += raw;
      if ((word !== undefined || raw === ')') && fits(at)) return { text, values, end: at };
      continue;
    }
    text += '?';
    if (fits(at)) return { text, values, end: at };
  }
}

const ESCAPES: Readonly<Record<string, string>> = { '0': '\0', b: '\b', n: '\n', r: '\r', t: '\t', Z: '\x1a' };

function unescaped(quoted: string): string {
  return quoted.slice(1, -1).replaceAll(/\\([\s\S])|''/g, (_, escaped?: string) => (escaped === undefined ? "'" : (ESCAPES[escaped] ?? escaped)));
}
