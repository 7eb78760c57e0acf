import { isUtf8 } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import type { Cell, ErrorInfo, Frame, HeaderList, Preview } from '@deja/format';
import { mapCookies, mapForm, mapMultipart, mapSetCookie } from './form-text.js';
import { redactJwt } from './jwt.js';
import { looksLikeJson, mapJsonText } from './json-text.js';
import { PATTERNS, type Replacements } from './patterns.js';
import { isSecretName, normalised, policyOf, soundsSecret, type RedactionPolicy } from './policy.js';
import { cardPseudonym, isPseudonym, pseudonym } from './pseudonym.js';
import { Secrets } from './secrets.js';

/** Headers without which no message is understood, whatever the policy. */
const PROTOCOL_HEADERS = /^(?:host|accept.*|content-(?:type|length|encoding|disposition|range)|transfer-encoding|connection|keep-alive|upgrade|date|server|vary|cache-control|expect|te|trailer|range|if-.*|etag|last-modified|location|retry-after|user-agent)$/i;
/** What a secret's name may carry that is none: switches, times. */
const NO_SECRET = /^(?:true|false|t|f|yes|no|on|off|null|none|undefined|\d|\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*|[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} .* GMT)$/;

/** Characters: a cookie with fewer is a preference, not a session. */
const SHORTEST_COOKIE = 6;

export interface RedactorOptions {
  /** Secret of the pseudonyms; random for each process by default. */
  readonly key?: Uint8Array;
  readonly policy?: RedactionPolicy;
}

const processKey = randomBytes(32);

/** `DEJA_REDACT` and `DEJA_REDACTION_KEY`. */
export function redactorOf(env: Readonly<Record<string, string | undefined>>): Redactor {
  return new Redactor({ policy: policyOf(env['DEJA_REDACT']), ...(env['DEJA_REDACTION_KEY'] ? { key: Buffer.from(env['DEJA_REDACTION_KEY']) } : {}) });
}

/**
 * Takes the secrets out of one package. Make a new one for each: it remembers the secrets it saw, so that `sweep` finds them where
 * nothing names them. The same secret has the same pseudonym everywhere; what is redacted already stays as it is.
 */
export class Redactor {
  readonly #key: Uint8Array;
  readonly #policy: RedactionPolicy;
  readonly #secrets = new Secrets();
  readonly #by: Replacements = {
    secret: (value) => this.#pseudonym(value),
    jwt: (token) => this.#jwt(token) ?? this.#pseudonym(token),
    card: (number) => this.#secrets.replaced(number, () => cardPseudonym(number, this.#key)),
    basic: (credentials) => this.#basic(credentials),
  };

  constructor(options: RedactorOptions = {}) {
    this.#key = options.key ?? processKey;
    this.#policy = options.policy ?? policyOf(undefined);
  }

  get off(): boolean {
    return this.#policy.mode === 'off';
  }

  /** One value whose name is known: a column, field, variable. */
  value(name: string, value: string): string {
    if (this.off) return value;
    return this.#isSecret(name, value) ? this.#secret(value) : this.text(value);
  }

  /** Running text, or text in a form of its own: only what looks like a secret. */
  text(text: string): string {
    if (this.off || text.length < 8) return text;
    let result = text;
    for (const { pattern, replace } of PATTERNS) {
      result = result.replaceAll(pattern, (match: string, ...rest: unknown[]) => replace(match, rest.filter((group) => typeof group === 'string').slice(0, -1), this.#by));
    }
    return result;
  }

  /** A cell of a result or a parameter, by the column's name. */
  cell(column: string, cell: Cell): Cell {
    if (cell === null) return null;
    if (typeof cell === 'string') return looksLikeJson(cell) && !isSecretName(column, this.#policy) ? this.json(cell) : this.value(column, cell);
    if ('text' in cell) return { ...cell, text: this.value(column, cell.text) };
    if (!this.#isSecret(column, cell.base64)) return cell;
    return { base64: pseudonym(cell.base64, this.#key) };
  }

  headers(headers: HeaderList): HeaderList {
    return this.off ? headers : headers.map(([name, value]) => [name, this.header(name, value)] as const);
  }

  header(name: string, value: string): string {
    if (this.off) return value;
    switch (name.toLowerCase()) {
      case 'cookie':
        return this.#keeps(name) ? value : mapCookies(value, (cookie, one) => this.#cookie(cookie, one));
      case 'set-cookie':
        return this.#keeps(name) ? value : mapSetCookie(value, (cookie, one) => this.#cookie(cookie, one));
      case 'authorization':
      case 'proxy-authorization':
        return this.#keeps(name) ? value : this.#authorization(value);
      case 'location':
      case 'referer':
      case 'link':
        return this.url(value);
    }
    return PROTOCOL_HEADERS.test(name) ? this.text(value) : this.value(name, value);
  }

  /** Absolute, or path and query as on the request line. Stays a URL. */
  url(url: string): string {
    if (this.off) return url;
    const at = url.indexOf('?');
    if (at === -1) return this.text(url);
    const end = url.indexOf('#', at);
    const query = url.slice(at + 1, end === -1 ? undefined : end);
    return `${this.text(url.slice(0, at))}?${mapForm(query, (name, value) => this.value(name, value))}${end === -1 ? '' : url.slice(end)}`;
  }

  /** JSON text: values replaced, every other byte as it was. */
  json(text: string): string {
    if (this.off) return text;
    // The text rules after it find what stands between the values, where this is no JSON but begins like it.
    return this.text(mapJsonText(text, (value, names) => this.#leaf(value, names)));
  }

  /** The body of a message by its content type, or by what it looks like. Bytes that are no text stay. */
  body(bytes: Uint8Array, contentType = ''): Uint8Array {
    if (this.off || bytes.length === 0) return bytes;
    const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const multipart = /^multipart\//i.test(contentType);
    if (!multipart && !isUtf8(cutToCharacters(view))) return bytes;
    // Latin 1 keeps every byte of files between the fields of a form.
    const encoding = multipart ? 'latin1' : 'utf8';
    const text = view.toString(encoding);
    const redacted = this.bodyText(text, contentType);
    return redacted === text ? bytes : Buffer.from(redacted, encoding);
  }

  bodyText(text: string, contentType = ''): string {
    if (this.off) return text;
    if (/^multipart\//i.test(contentType)) return mapMultipart(text, (name, value) => this.value(name, value));
    if (/x-www-form-urlencoded/i.test(contentType)) return mapForm(text, (name, value) => this.value(name, value));
    if (/json/i.test(contentType) || looksLikeJson(text)) return this.json(text);
    return this.text(text);
  }

  /** Plain data (JSON values, previews): by the names that lead to each value. */
  data<T>(value: T): T {
    return this.off ? value : (this.#data(value, []) as T);
  }

  error(info: ErrorInfo): ErrorInfo {
    if (this.off) return info;
    return {
      ...info,
      message: this.text(info.message),
      ...(info.stack === undefined ? {} : { stack: this.text(info.stack) }),
      frames: info.frames.map((frame) => this.#frame(frame)),
      ...(info.cause === undefined ? {} : { cause: this.error(info.cause) }),
      ...(info.errors === undefined ? {} : { errors: info.errors.map((member) => this.error(member)) }),
      ...(info.fields === undefined ? {} : { fields: this.data(info.fields) }),
    };
  }

  /** Words that are no secrets, whatever name they were found under; before the sweeps. */
  spare(words: Iterable<string>): void {
    this.#secrets.spare(words);
  }

  /** Replaces the secrets seen so far wherever they occur in this data: parameters of statements, keys, messages. Apply it last. */
  sweep<T>(value: T): T {
    return this.off ? value : this.#secrets.sweep(value);
  }

  sweepBytes(bytes: Uint8Array): Uint8Array {
    return this.off ? bytes : this.#secrets.sweepBytes(bytes);
  }

  #frame(frame: Frame): Frame {
    if (frame.scopes === undefined) return frame;
    return { ...frame, scopes: frame.scopes.map((scope) => ({ ...scope, variables: this.data<Readonly<Record<string, Preview>>>(scope.variables) })) };
  }

  #data(value: unknown, names: readonly string[]): unknown {
    if (typeof value === 'string' || typeof value === 'number') return this.#leaf(value, names);
    if (Array.isArray(value)) return value.map((item) => this.#data(item, names));
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).map(([key, item]) => [key, this.#data(item, /^\$[a-z]/.test(key) ? names : [...names, key])] as const);
    return Object.fromEntries(entries);
  }

  #leaf(value: string | number, names: readonly string[]): string | number {
    const name = this.#policy.mode === 'allow' ? names.slice(-1) : names;
    const secret = name.some((one) => isSecretName(one, this.#policy));
    if (typeof value === 'string') {
      if (secret && !NO_SECRET.test(value)) return this.#secret(value);
      return looksLikeJson(value) && value.length > 8 ? this.json(value) : this.text(value);
    }
    if (!secret || this.#policy.mode === 'allow' || !Number.isSafeInteger(value) || Math.abs(value) < 10) return value;
    return Math.sign(value) * Number(this.#pseudonym(String(Math.abs(value))));
  }

  #isSecret(name: string, value: string): boolean {
    return value !== '' && isSecretName(name, this.#policy) && !NO_SECRET.test(value);
  }

  /** Under an allow-list a header that names a secret stays redacted unless it is named itself. */
  #keeps(name: string): boolean {
    return this.#policy.kept.has(normalised(name)) || (this.#policy.mode === 'allow' && this.#policy.names.has(normalised(name)) && !soundsSecret(normalised(name)));
  }

  /** A whole value that is a secret: tokens and URLs keep their form. */
  #secret(value: string): string {
    const scheme = /^(Bearer|Basic) +(\S+)$/i.exec(value);
    if (scheme) return this.#authorization(value);
    const jwt = this.#jwt(value);
    if (jwt !== null) return jwt;
    if (/^[a-z][a-z0-9+.-]*:\/\//i.test(value)) return this.url(value);
    if (looksLikeJson(value)) return mapJsonText(value, (one) => (typeof one === 'string' ? this.#pseudonym(one) : one));
    return this.#pseudonym(value);
  }

  /** Any cookie may carry a session, but not in a few characters: `theme=dark` and `page=1` stand for nobody, and their values are everywhere. */
  #cookie(name: string, value: string): string {
    const ordinary = NO_SECRET.test(value) || (value.length < SHORTEST_COOKIE && !isSecretName(name, this.#policy));
    return ordinary ? value : this.#secret(value);
  }

  #authorization(value: string): string {
    const [, scheme = '', rest = ''] = /^(\S+)\s+(.*)$/s.exec(value) ?? [];
    if (scheme === '') return this.#pseudonym(value);
    switch (scheme.toLowerCase()) {
      case 'basic':
        return `${scheme} ${this.#basic(rest)}`;
      case 'bearer':
        return `${scheme} ${this.#by.jwt(rest)}`;
      case 'aws4-hmac-sha256':
        return `${scheme} ${rest.replace(/(Credential=)([^/,\s]+)/, (_, name: string, key: string) => name + this.text(key)).replace(/(Signature=)([0-9a-f]+)/, (_, name: string, signature: string) => name + this.#pseudonym(signature))}`;
    }
    return `${scheme} ${this.#pseudonym(rest)}`;
  }

  #jwt(token: string): string | null {
    const redacted = redactJwt(token, (value) => this.#pseudonym(value));
    return redacted === null ? null : this.#secrets.replaced(token, () => redacted);
  }

  #basic(credentials: string): string {
    const plain = Buffer.from(credentials, 'base64').toString('utf8');
    const at = plain.indexOf(':');
    if (at === -1) return isPseudonym(credentials) ? credentials : this.#pseudonym(credentials);
    return Buffer.from(`${plain.slice(0, at)}:${this.#pseudonym(plain.slice(at + 1))}`).toString('base64');
  }

  #pseudonym(secret: string): string {
    return this.#secrets.replaced(secret, () => pseudonym(secret, this.#key));
  }
}

/** A body cut at a bound may end inside a character. */
function cutToCharacters(bytes: Uint8Array): Uint8Array {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte >= 0xc0) return bytes.subarray(0, bytes.length - back);
    if (byte < 0x80) return bytes;
  }
  return bytes;
}
