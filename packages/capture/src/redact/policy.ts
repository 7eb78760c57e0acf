/** Which named values are secrets. */
export interface RedactionPolicy {
  readonly mode: 'off' | 'deny' | 'allow';
  /** Normalised names: with `deny` redacted too; with `allow` the only ones that are kept. */
  readonly names: ReadonlySet<string>;
  /** Normalised names that are kept although they sound secret. */
  readonly kept: ReadonlySet<string>;
}

/**
 * `DEJA_REDACT`: `off`; or names to redact and (with a minus) to keep: `taxNumber,-session`; or `allow:id,status`: keep only these.
 */
export function policyOf(setting: string | undefined): RedactionPolicy {
  const text = (setting ?? '').trim();
  if (text === 'off') return { mode: 'off', names: new Set(), kept: new Set() };
  const allow = text.startsWith('allow:');
  const parts = (allow ? text.slice('allow:'.length) : text).split(',').map((part) => part.trim()).filter((part) => part !== '');
  const kept = parts.filter((part) => part.startsWith('-')).map(normalised);
  return { mode: allow ? 'allow' : 'deny', names: new Set(parts.filter((part) => !part.startsWith('-')).map(normalised)), kept: new Set(kept) };
}

const EXACT: ReadonlySet<string> = new Set([
  'pass', 'pwd', 'auth', 'jwt', 'pin', 'cvv', 'cvc', 'cvv2', 'cvc2', 'otp', 'ssn', 'bearer', 'pan', 'sid', 'session', 'sessid', 'connectsid',
  'sig', 'signature', 'xamzsignature', 'xamzcredential', 'csrf', 'xsrf', 'salt', 'iban',
]);
const PARTS: readonly string[] = [
  'password', 'passwd', 'passphrase', 'secret', 'apikey', 'accesskey', 'privatekey', 'signingkey', 'encryptionkey', 'authorization', 'credential',
  'cookie', 'sessionid', 'authtoken', 'accesstoken', 'refreshtoken', 'idtoken', 'bearertoken', 'csrftoken', 'xsrftoken', 'securitytoken', 'resettoken',
  'creditcard', 'cardnumber', 'cardno', 'ccnumber', 'cardcvc', 'cardcvv', 'securitycode', 'clientsecret', 'pgpass', 'redactionkey',
];
/** What is said about a secret is none: `token_type`, `password_changed_at`, `cookieDomain`. */
const ABOUT = /(?:at|on|date|time|expires|expiry|expiration|expiresin|type|count|length|policy|enabled|required|disabled|name|path|domain|maxage|samesite|limit|attempts)$/;
const INNOCENT: readonly string[] = ['secretary', 'secretariat'];
/** Where a list goes on says nothing about who may read it. */
const PAGES = /(?:continuation|page|next|paging|pagination)token$/;

/** `X-Api-Key`, `apiKey` and `api_key` are the same name. */
export function normalised(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

/** Whether the value of this name is redacted whatever it looks like. */
export function isSecretName(name: string, policy: RedactionPolicy): boolean {
  if (policy.mode === 'off') return false;
  const key = normalised(name);
  if (policy.kept.has(key)) return false;
  if (policy.mode === 'allow') return !policy.names.has(key);
  return policy.names.has(key) || soundsSecret(key);
}

/** `NextContinuationToken`, `pageToken`: normalised, at its end. */
export function isPageName(key: string): boolean {
  return PAGES.test(key);
}

/** The rule without a policy: by the name alone. */
export function soundsSecret(key: string): boolean {
  if (key === '' || INNOCENT.some((word) => key.includes(word)) || isPageName(key)) return false;
  if (EXACT.has(key)) return true;
  if (!key.endsWith('token') && !PARTS.some((part) => key.includes(part))) return false;
  return !ABOUT.test(key) || key.endsWith('authorization');
}
