/** Decides about one named value: its replacement, or itself. */
export type NamedRule = (name: string, value: string) => string;

/** `a=1&token=x`: replaces values, leaves every other byte. Also the query of a URL. */
export function mapForm(text: string, rule: NamedRule): string {
  return text
    .split('&')
    .map((pair) => {
      const at = pair.indexOf('=');
      if (at === -1) return pair;
      const value = decoded(pair.slice(at + 1));
      const replaced = rule(decoded(pair.slice(0, at)), value);
      return replaced === value ? pair : `${pair.slice(0, at)}=${encodeURIComponent(replaced)}`;
    })
    .join('&');
}

/** `Cookie`: names stay. */
export function mapCookies(text: string, rule: NamedRule): string {
  return text
    .split(';')
    .map((part) => mapPair(part, rule))
    .join(';');
}

/** `Set-Cookie`: the name and the attributes stay. */
export function mapSetCookie(text: string, rule: NamedRule): string {
  const [pair = '', ...attributes] = text.split(';');
  return [mapPair(pair, rule), ...attributes].join(';');
}

function mapPair(pair: string, rule: NamedRule): string {
  const at = pair.indexOf('=');
  if (at === -1) return pair;
  const raw = pair.slice(at + 1);
  const value = raw.trim();
  return value === '' ? pair : pair.slice(0, at + 1) + raw.replace(value, () => rule(pair.slice(0, at).trim(), value));
}

const PART = /(content-disposition:[^\r\n]*?\bname="([^"]*)"[^\r\n]*\r?\n(?:[^\r\n]+\r?\n)*\r?\n)([\s\S]*?)(?=\r?\n--)/gi;

/** `multipart/form-data`: replaces values of fields, leaves files and every other byte. */
export function mapMultipart(text: string, rule: NamedRule): string {
  return text.replaceAll(PART, (match, head: string, name: string, value: string) => (/\bfilename="/i.test(head) ? match : head + rule(name, value)));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}
