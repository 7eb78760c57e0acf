const TOKEN = /"(?:[^"\\]|\\[\s\S])*(?:"|$)|[{}[\],:]|-?\d[\d.eE+-]*/g;

/** Decides about one value: the replacement, or the value itself. `names`: the keys that lead to it, outermost first. */
export type JsonRule = (value: string | number, names: readonly string[]) => string | number;

interface Level {
  readonly kind: '{' | '[';
  /** Key of the value that comes next, in an object. */
  key: string | undefined;
  expectsKey: boolean;
}

/**
 * Replaces values inside JSON text and leaves every other byte as it is: spaces, order, escapes, number forms, duplicate keys.
 * Bears text that is cut off.
 */
export function mapJsonText(text: string, rule: JsonRule): string {
  const stack: Level[] = [];
  let result = '';
  let copied = 0;
  for (const match of text.matchAll(TOKEN)) {
    const token = match[0];
    const top = stack.at(-1);
    switch (token) {
      case '{':
      case '[':
        stack.push({ kind: token, key: undefined, expectsKey: token === '{' });
        continue;
      case '}':
      case ']':
        stack.pop();
        continue;
      case ',':
        if (top?.kind === '{') top.expectsKey = true;
        continue;
      case ':':
        if (top) top.expectsKey = false;
        continue;
    }
    if (top?.expectsKey && token.startsWith('"')) {
      top.key = unquoted(token);
      continue;
    }
    const value = token.startsWith('"') ? unquoted(token) : Number(token);
    const names = stack.flatMap((level) => (level.key === undefined ? [] : [level.key]));
    const replaced = rule(value, names);
    if (Object.is(replaced, value)) continue;
    result += text.slice(copied, match.index) + JSON.stringify(replaced);
    copied = match.index + token.length;
  }
  return result + text.slice(copied);
}

/** Whether a text is, as far as one can see without parsing, JSON. */
export function looksLikeJson(text: string): boolean {
  return /^\s*[[{"]/.test(text);
}

function unquoted(token: string): string {
  const closed = token.length > 1 && token.endsWith('"');
  try {
    const text: unknown = JSON.parse(closed ? token : `${token.replace(/\\$/, '')}"`);
    return String(text);
  } catch {
    return token.slice(1, closed ? -1 : undefined);
  }
}
