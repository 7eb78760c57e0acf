const MOST = 5000;
const PER_PATTERN = 200;
/** Values of these fields are the application's data alone: there even a weak secret is recognised, as the whole value. */
const DATA_FIELDS: ReadonlySet<string> = new Set(['params', 'command', 'rows', 'variables']);

/** The secrets of one package and their pseudonyms. */
export class Secrets {
  readonly #known = new Map<string, string>();
  readonly #given = new Set<string>();
  readonly #plain = new Set<string>();

  /** Words that everybody may read, wherever they stand: they are not looked for, whatever was called a secret. */
  spare(words: Iterable<string>): void {
    for (const word of words) this.#plain.add(word);
  }

  /** What `secret` is replaced by: what it was before, itself when it is a pseudonym, else what `make` says. */
  replaced(secret: string, make: () => string): string {
    if (this.#given.has(secret)) return secret;
    return this.#known.get(secret) ?? this.#remember(secret, make());
  }

  #remember(secret: string, pseudonym: string): string {
    if (secret !== pseudonym && this.#known.size < MOST) {
      this.#known.set(secret, pseudonym);
      this.#given.add(pseudonym);
    }
    return pseudonym;
  }

  /** The same data without the secrets remembered so far, in values and in keys. */
  sweep<T>(value: T): T {
    return this.#known.size === 0 ? value : (this.#swept(value, this.#patterns((secret) => secret), false) as T);
  }

  sweepBytes(bytes: Uint8Array): Uint8Array {
    const patterns = this.#patterns(latin1);
    if (patterns.length === 0) return bytes;
    // Latin 1 keeps every byte; secrets are looked for in their UTF-8 form.
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
    const swept = patterns.reduce((left, pattern) => left.replaceAll(pattern, (match) => latin1(this.#known.get(utf8(match)) ?? utf8(match))), text);
    return swept === text ? bytes : Buffer.from(swept, 'latin1');
  }

  #swept(value: unknown, patterns: readonly RegExp[], data: boolean): unknown {
    if (typeof value === 'string') {
      const whole = data && !this.#plain.has(value) ? this.#known.get(value) : undefined;
      return whole ?? patterns.reduce((left, pattern) => left.replaceAll(pattern, (match) => this.#known.get(match) ?? match), value);
    }
    if (Array.isArray(value)) return value.map((item) => this.#swept(item, patterns, data));
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value);
    return Object.fromEntries(entries.map(([key, item]) => [this.#swept(key, patterns, false), this.#swept(item, patterns, data || DATA_FIELDS.has(key))]));
  }

  /** Longest first: one secret may contain another. */
  #patterns(form: (secret: string) => string): readonly RegExp[] {
    const secrets = [...this.#known.keys()].filter((secret) => isStrong(secret) && !this.#plain.has(secret)).toSorted((a, b) => b.length - a.length);
    const patterns: RegExp[] = [];
    for (let at = 0; at < secrets.length; at += PER_PATTERN) {
      patterns.push(new RegExp(secrets.slice(at, at + PER_PATTERN).map((secret) => quoted(form(secret))).join('|'), 'g'));
    }
    return patterns;
  }
}

/**
 * A password like `postgres` or `secret` is also an ordinary word: replaced inside other text it would break engine names, paths and code,
 * and tell everybody what the password was.
 */
function isStrong(secret: string): boolean {
  if (secret.length >= 16) return true;
  if (/^\d+$/.test(secret)) return secret.length >= 12;
  return secret.length >= 8 && /[A-Za-z]/.test(secret) && /[^A-Za-z]/.test(secret);
}

function quoted(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
}

const latin1 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');
const utf8 = (text: string): string => Buffer.from(text, 'latin1').toString('utf8');
