import { createHmac } from 'node:crypto';
import { digitsOf, lettersOf, luhnDigit } from './derive.js';

/** Begins every pseudonym that has no shape to keep; also how redacted values are known. */
const MARK = 'redacted';
const HEX_MARK = '5ec2e7ed';
const MARKED = /^redacted[-A-Za-z0-9+/_=.]*(?:@redacted\.invalid)?$/;
const EMAIL = /^[^@\s]+@[^@\s]+\.[A-Za-z]{2,}$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const HEX = /^(?:[0-9a-f]{16,}|[0-9A-F]{16,})$/;
const BASE64 = /^[A-Za-z0-9+/]{16,}={0,2}$/;
const BCRYPT = /^(\$2[abxy]?\$\d\d\$)([./A-Za-z0-9]{53})$/;
/** `$argon2id$v=19$m=65536,t=3,p=4$salt$hash`, `$6$salt$hash`. */
const CRYPT = /^(\$[a-z0-9-]+\$(?:[a-z]+=[^$]*\$)*)(?:([^$]+)\$)?([^$]+)$/i;
/** `sk_live_…`, `whsec_…`, `ghp_…`: what comes before the key's own characters. */
const PREFIXED = /^((?:[a-z]{2,8}[_-]){1,3})([A-Za-z0-9]{16,})$/;

/**
 * Stands in for a secret: the same for the same secret and key, and of the shape that software may depend on.
 * A pseudonym's own pseudonym is itself.
 */
export function pseudonym(secret: string, key: Uint8Array): string {
  if (secret.trim() === '' || isPseudonym(secret)) return secret;
  const hash = createHmac('sha256', key).update(secret).digest();
  if (UUID.test(secret)) return shapedUuid(hash);
  if (/^\d+$/.test(secret)) return shapedNumber(secret, hash);
  if (HEX.test(secret)) return shapedHex(secret, hash);
  const bcrypt = BCRYPT.exec(secret);
  if (bcrypt?.[1]) return `${bcrypt[1]}${MARK}${lettersOf(hash, 45)}`;
  const crypt = CRYPT.exec(secret);
  if (crypt?.[1] && crypt[3]) return `${crypt[1]}${crypt[2] ? `${marked(crypt[2].length, hash)}$` : ''}${marked(crypt[3].length, hash)}`;
  const prefixed = PREFIXED.exec(secret);
  if (prefixed?.[1] && prefixed[2]) return `${prefixed[1]}${marked(prefixed[2].length, hash)}`;
  if (BASE64.test(secret) && secret.length % 4 === 0) {
    const padding = /=*$/.exec(secret)?.[0].length ?? 0;
    // The last character before padding may carry only some bits: `A` carries none.
    return padding === 0 ? marked(secret.length, hash) : `${marked(secret.length - padding - 1, hash)}A${'='.repeat(padding)}`;
  }
  return `${MARK}-${lettersOf(hash, 16)}${EMAIL.test(secret) ? '@redacted.invalid' : ''}`;
}

/** Whether a value is a pseudonym already. */
export function isPseudonym(value: string): boolean {
  if (value.startsWith(MARK)) return MARKED.test(value);
  if (value.startsWith(HEX_MARK)) return HEX.test(value) || UUID.test(value);
  const tail = BCRYPT.exec(value)?.[2] ?? CRYPT.exec(value)?.[3] ?? PREFIXED.exec(value)?.[2];
  return tail !== undefined && tail.startsWith(MARK.slice(0, tail.length)) ? true : isCardPseudonym(value);
}

/** A card number: brand, length, Luhn digit and separators stay; the issuer becomes 00000, which no bank has. */
export function cardPseudonym(card: string, key: Uint8Array): string {
  if (isCardPseudonym(card)) return card;
  const digits = card.replaceAll(/\D/g, '');
  const hash = createHmac('sha256', key).update(digits).digest();
  const body = `${digits.slice(0, 1)}00000${digitsOf(hash, digits.length - 7)}`;
  const shown = `${body}${luhnDigit(body)}`;
  let next = 0;
  return card.replaceAll(/\d/g, () => shown[next++] ?? '0');
}

function isCardPseudonym(value: string): boolean {
  return /^\d00000\d{6,}$/.test(value.replaceAll(/[ -]/g, ''));
}

/** Exactly `length` letters and digits, recognisable. */
function marked(length: number, hash: Uint8Array): string {
  return length <= MARK.length ? MARK.slice(0, length) : MARK + lettersOf(hash, length - MARK.length);
}

function shapedUuid(hash: Uint8Array): string {
  const hex = Buffer.from(hash).toString('hex');
  return `${HEX_MARK}-${hex.slice(0, 4)}-4${hex.slice(4, 7)}-8${hex.slice(7, 10)}-${hex.slice(10, 22)}`;
}

function shapedHex(secret: string, hash: Uint8Array): string {
  let hex = Buffer.from(hash).toString('hex');
  while (hex.length < secret.length) hex += hex;
  const shaped = (HEX_MARK + hex).slice(0, secret.length);
  return /[A-F]/.test(secret) ? shaped.toUpperCase() : shaped;
}

/** Of the same number of digits; a leading zero would change the number's length. */
function shapedNumber(secret: string, hash: Uint8Array): string {
  const digits = digitsOf(hash, secret.length);
  return digits.startsWith('0') ? `7${digits.slice(1)}` : digits;
}
