import type { KeptPiece } from './talk-event.js';

type Replace = (password: string) => string;

/**
 * Passwords where common protocols send them in the clear or merely encoded: SMTP, POP3, IMAP, FTP, MQTT. In a protocol that nobody knows nothing names
 * them; those that the rest of the package tells are found by their value.
 */
export function withoutCredentials(pieces: readonly KeptPiece[], replace: Replace): readonly KeptPiece[] {
  let asked = '';
  return pieces.map((piece) => {
    const { from, bytes } = piece;
    if (!bytes) return piece;
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
    if (from === 'server') {
      asked = text;
      return piece;
    }
    const connect = mqttPassword(bytes);
    if (connect) return { ...piece, bytes: withMqttPassword(bytes, connect, replace) };
    const clean = withoutPasswords(text, asked, replace);
    return clean === text ? piece : { ...piece, bytes: Buffer.from(clean, 'latin1') };
  });
}

function withoutPasswords(text: string, asked: string, replace: Replace): string {
  // Challenges of SASL: `334 VXNlcm5hbWU6` asks for the user, anything else for a secret or a proof of it.
  if (/^(?:334 (?!VXNlcm5hbWU6)|\+ ?)/.test(asked) && /^[A-Za-z0-9+/]+=*\r?\n$/.test(text)) return text.replace(/^\S+/, (value) => encoded(value, (plain) => lastPart(plain, replace)));
  return text
    .replace(/^(AUTH(?:ENTICATE)? (?:PLAIN|XOAUTH2|OAUTHBEARER) )([A-Za-z0-9+/]+=*)/im, (_, command: string, value: string) => command + encoded(value, (plain) => lastPart(plain, replace)))
    .replace(/^(PASS |AUTH )(?!PLAIN|LOGIN|CRAM|DIGEST|XOAUTH|OAUTH|TLS|SSL|SCRAM|NTLM|GSSAPI)([^\r\n]+)/im, (_, command: string, value: string) => command + replace(value))
    .replace(/^(\S+ LOGIN (?:"[^"\r\n]*"|[^\s"]+) )("?)([^"\r\n]+)/im, (_, command: string, quote: string, value: string) => command + quote + replace(value));
}

function encoded(value: string, change: (plain: string) => string): string {
  return Buffer.from(change(Buffer.from(value, 'base64').toString())).toString('base64');
}

/** `user NUL password`, and `user=… ^A auth=Bearer …`. */
function lastPart(plain: string, replace: Replace): string {
  const at = plain.lastIndexOf('\0');
  if (at !== -1) return plain.slice(0, at + 1) + replace(plain.slice(at + 1));
  return /auth=Bearer /i.test(plain) ? plain.replace(/(auth=Bearer )([\x20-\x7e]+)/i, (_, scheme: string, token: string) => scheme + replace(token)) : replace(plain);
}

interface Span {
  readonly from: number;
  readonly to: number;
  /** Where the packet's body begins, after its length. */
  readonly body: number;
  /** Where the packet ends. */
  readonly end: number;
}

/** Where a CONNECT packet of MQTT (3.1, 3.1.1, 5) has its password. */
function mqttPassword(bytes: Uint8Array): Span | null {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view[0] !== 0x10) return null;
  const remaining = variableInteger(view, 1);
  if (remaining === null || remaining.next + remaining.value > view.length) return null;
  const string = (at: number): number => at + 2 + (at + 2 <= view.length ? view.readUInt16BE(at) : view.length);
  const nameEnd = string(remaining.next);
  if (!/^MQ(?:TT|Isdp)$/.test(view.toString('latin1', remaining.next + 2, nameEnd))) return null;
  const [version = 0, flags = 0] = view.subarray(nameEnd, nameEnd + 2);
  const properties = (at: number): number => {
    const length = version === 5 ? variableInteger(view, at) : { value: 0, next: at };
    return length === null ? view.length : length.next + length.value;
  };
  let at = string(properties(nameEnd + 4));
  if ((flags & 0x04) !== 0) at = string(string(properties(at)));
  if ((flags & 0x80) !== 0) at = string(at);
  const to = string(at);
  return (flags & 0x40) !== 0 && to <= view.length ? { from: at, to, body: remaining.next, end: remaining.next + remaining.value } : null;
}

function withMqttPassword(bytes: Uint8Array, { from, to, body, end }: Span, replace: Replace): Uint8Array {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const password = Buffer.from(replace(view.toString('utf8', from + 2, to)));
  const length = Buffer.alloc(2);
  length.writeUInt16BE(password.length);
  const content = Buffer.concat([view.subarray(body, from), length, password, view.subarray(to, end)]);
  return Buffer.concat([view.subarray(0, 1), encodedInteger(content.length), content, view.subarray(end)]);
}

function variableInteger(view: Buffer, at: number): { readonly value: number; readonly next: number } | null {
  let value = 0;
  for (let index = 0; index < 4; index += 1) {
    const byte = view[at + index];
    if (byte === undefined) return null;
    value += (byte & 0x7f) * 128 ** index;
    if (byte < 0x80) return { value, next: at + index + 1 };
  }
  return null;
}

function encodedInteger(value: number): Buffer {
  const bytes: number[] = [];
  for (let left = value; bytes.length === 0 || left > 0; left = Math.floor(left / 128)) bytes.push((left % 128) + (left >= 128 ? 0x80 : 0));
  return Buffer.from(bytes);
}
