/** Long enough, and like nothing that has a meaning of its own. */
const PROBE = 'a'.repeat(24);

/** Bytes are redacted as a whole, and only where their name says that they are secret: rules for text make no sense of them. Base64 in and out. */
export function redactBytes(name: string, base64: string, redact: (name: string, value: string) => string): string {
  return name === '' || redact(name, PROBE) === PROBE ? base64 : Buffer.from(redact(name, base64)).toString('base64');
}
