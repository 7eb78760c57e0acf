import { isPseudonym } from './pseudonym.js';

export const JWT = /^eyJ[\w-]{4,}\.[\w-]+\.[\w-]*$/;
/** What software reads to decide, and what tells nobody's identity. */
const KEPT_CLAIMS: ReadonlySet<string> = new Set(['alg', 'typ', 'cty', 'iss', 'aud', 'azp', 'scope', 'scp', 'role', 'roles', 'groups', 'token_use']);
/** Shorter values (a number of a row) are joined with and tell nothing. */
const SHORTEST_CLAIM = 6;

/** The same token with its claims' texts replaced and an invalid signature. Times (`exp`, `nbf`, `iat`) and numbers stay. Null: not a token. */
export function redactJwt(token: string, replace: (value: string) => string): string | null {
  if (!JWT.test(token)) return null;
  const [header = '', payload = '', signature = ''] = token.split('.');
  const head = decoded(header);
  const claims = decoded(payload);
  if (head === null || claims === null) return null;
  const parts = [reencoded(header, head, replace), reencoded(payload, claims, replace)];
  return [...parts, signature === '' || isPseudonym(signature) ? signature : replace(signature).replaceAll(/[^\w-]/g, '')].join('.');
}

function decoded(part: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : null;
  } catch {
    return null;
  }
}

function reencoded(part: string, value: Readonly<Record<string, unknown>>, replace: (text: string) => string): string {
  const redacted = replaced(value, '', replace);
  const text = JSON.stringify(redacted);
  // Where nothing changed, not a byte shall change: whitespace in the original would.
  return text === JSON.stringify(value) ? part : Buffer.from(text).toString('base64url');
}

function replaced(value: unknown, name: string, replace: (text: string) => string): unknown {
  if (typeof value === 'string') return KEPT_CLAIMS.has(name) || value.length < SHORTEST_CLAIM ? value : replace(value);
  if (Array.isArray(value)) return value.map((item) => replaced(item, name, replace));
  if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replaced(item, key, replace)]));
  return value;
}
