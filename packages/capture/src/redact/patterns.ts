import { isLuhn } from './derive.js';
import { isPageName, normalised } from './policy.js';

/** How a secret in running text is recognised, and which part of the match is the secret. */
export interface SecretPattern {
  readonly name: string;
  readonly pattern: RegExp;
  /** The match with its secret replaced; the match itself when it is none after all. */
  readonly replace: (match: string, groups: readonly string[], by: Replacements) => string;
}

export interface Replacements {
  secret(value: string): string;
  jwt(token: string): string;
  card(number: string): string;
  basic(credentials: string): string;
}

// Each also matches a beginning of a secret: texts are cut at bounds before they come here.
export const PATTERNS: readonly SecretPattern[] = [
  {
    name: 'private key',
    pattern: /(-----BEGIN [A-Z ]*PRIVATE KEY-----)([\s\S]*?)(-----END [A-Z ]*PRIVATE KEY-----|$)/g,
    replace: (_, [begin = '', body = '', end = ''], by) => {
      const core = body.replaceAll(/\\n|\s/g, '');
      return `${begin}${body.startsWith('\\n') ? '\\n' : '\n'}${by.secret(core)}${body.endsWith('\\n') ? '\\n' : '\n'}${end}`;
    },
  },
  { name: 'JWT', pattern: /\beyJ[\w-]{8,}(?:\.[\w-]*){0,2}/g, replace: (match, _, by) => by.jwt(match) },
  { name: 'Basic', pattern: /\b(Basic )([A-Za-z0-9+/]{6,}={0,2})(?![A-Za-z0-9+/])/g, replace: (_, [scheme = '', value = ''], by) => scheme + by.basic(value) },
  {
    name: 'Bearer',
    pattern: /\b(Bearer )([A-Za-z0-9._~+/-]{8,}=*)/gi,
    replace: (_, [scheme = '', value = ''], by) => scheme + (value.startsWith('eyJ') ? by.jwt(value) : by.secret(value)),
  },
  { name: 'URL password', pattern: /(\b[a-z][a-z0-9+.-]*:\/\/[^\s/?#:@"'<>]*:)([^\s/?#@"'<>]+)(@)/gi, replace: (_, [before = '', password = '', at = ''], by) => before + by.secret(password) + at },
  { name: 'AWS key', pattern: /\b(?:AKIA|ASIA)[A-Z0-9]{12,16}\b/g, replace: (match, _, by) => match.slice(0, 4) + upper(by.secret(match), match) },
  {
    name: 'provider key',
    pattern: /\b((?:sk|pk|rk)_(?:live|test)_|sk-(?:proj-|ant-)?|whsec_|gh[pousr]_|github_pat_|glpat-|npm_|xox[abprs]-|AIza|SG\.|dop_v1_|shpat_|hf_)([A-Za-z0-9_.-]{16,})/g,
    replace: (_, [prefix = '', value = ''], by) => prefix + by.secret(value).replaceAll(/[^\w.-]/g, ''),
  },
  {
    name: 'named value',
    pattern: /\b((?:[\w-]*(?:password|passwd|secret|token|api[_-]?key|access[_-]?key)|pwd)=)([^\s&;,'"<>()]+)/gi,
    replace: (match, [name = '', value = ''], by) => (isPageName(normalised(name)) ? match : name + by.secret(value)),
  },
  {
    name: 'value named by a colon or in quotes',
    pattern: /\b((?:[\w-]*(?:password|passwd|secret|token|api[_-]?key))["']?\s*:(?!:)\s*["']?|[\w-]*(?:password|passwd|secret|token|api[_-]?key) ["'])([^\s"'<>&;,(){}[\]\\]{6,})/gi,
    replace: (match, [before = '', value = ''], by) => (!isPageName(normalised(before)) && (looksRandom(value) || /: *["']$/.test(before)) ? before + by.secret(value) : match),
  },
  {
    name: 'SQL literal beside a secret column',
    pattern: /((?:password|passwd|secret|token|api_?key)\w*["`\]]?\s*(?:=|<>|!=|\bis\b|\blike\b)\s*')((?:[^']|'')+)(')/gi,
    replace: (_, [before = '', value = '', after = ''], by) => before + by.secret(value) + after,
  },
  {
    name: 'XML element',
    pattern: /(<(?:[\w.-]+:)?[\w.-]*(?:password|passwd|secret|token|apikey)(?:\s[^<>]*)?>)([^<>]+)(<\/)/gi,
    replace: (match, [open = '', value = '', close = ''], by) => (isPageName(normalised(open.split(/\s/)[0] ?? '')) ? match : open + by.secret(value) + close),
  },
  {
    name: 'OAuth parameter',
    pattern: /([?&](?:code|client_assertion|assertion|\w+_code)=)([^&#\s"'<>]{16,})/gi,
    replace: (_, [before = '', value = ''], by) => before + by.secret(value),
  },
  {
    name: 'card number',
    pattern: /(?<![\d.-])(?:\d[ -]?){12,18}\d(?![\d-]|\.\d)/g,
    replace: (match, _, by) => (isCard(match) ? by.card(match) : match),
  },
];

/** A word of a sentence (`token: expired`) is no secret. */
function looksRandom(value: string): boolean {
  return value.length >= 8 && /\d/.test(value) && /[a-z]/i.test(value);
}

/** Luhn alone would take one of ten order numbers: the first digits must be a known network's too. */
function isCard(text: string): boolean {
  const digits = text.replaceAll(/\D/g, '');
  const separators = text.replaceAll(/\d+/g, '');
  return /^(?: *|-*)$/.test(separators) && /^(?:4|5[1-5]|2[2-7]|3[4-7]|6(?:011|4|5)|35)/.test(digits) && isLuhn(digits);
}

function upper(pseudonym: string, match: string): string {
  const letters = pseudonym.toUpperCase().replaceAll(/[^A-Z0-9]/g, '');
  return (match.slice(4).startsWith('REDACTED') ? match.slice(4) : letters.padEnd(match.length - 4, 'X')).slice(0, match.length - 4);
}
