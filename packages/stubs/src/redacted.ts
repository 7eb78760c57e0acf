/**
 * Whether a recorded value was replaced by capture and says nothing about the original. Deterministic pseudonyms are not
 * meant: they are values like any other, the application got the same ones.
 */
export function isRedacted(value: string): boolean {
  return /\[redacted\b[^\]]*\]/i.test(value);
}
