import { isUtf8 } from 'node:buffer';
import { basename, extname } from 'node:path';
import type { Body } from '@deja/format';
import type { Packing } from '../core/recorder.js';

/** Stores of keys that no rule for text reads. */
const STORES = /\.(?:p12|pfx|jks|keystore|kdbx|gpg|ppk)$|\/(?:\.pgpass|\.netrc|\.ssh\/(?!.*\.pub$).*)$/i;
/** Settings: a name, and its value on the same line. */
const SETTINGS: ReadonlySet<string> = new Set(['.env', '.ini', '.conf', '.cfg', '.cnf', '.properties', '.toml', '.yaml', '.yml']);
const LINE = /^([ \t]*(?:export[ \t]+|-[ \t]+)?["']?)([\w.-]+)(["']?[ \t]*[:=][ \t]*)(["']?)(.+?)(["']?[ \t]*(?:#.*)?)$/gm;

/** Nothing of it is kept. */
export function isWithheld(path: string): boolean {
  return STORES.test(path);
}

/** The content of a file with its secrets taken out: by the names of settings, and by what they look like. */
export function withoutSecrets(path: string, chunks: readonly Uint8Array[], pack: Packing): Body {
  const whole = Buffer.concat(chunks);
  if (!SETTINGS.has(extname(path).toLowerCase()) && !basename(path).startsWith('.env')) return pack.body([whole]);
  if (!isUtf8(whole)) return pack.unknown(whole);
  const clean = whole.toString().replaceAll(LINE, (_, before: string, name: string, between: string, quote: string, value: string, after: string) => before + name + between + quote + pack.redact(name, value) + after);
  return pack.body([Buffer.from(clean)]);
}
