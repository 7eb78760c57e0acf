/**
 * The base of every error that Deja raises on purpose: a stable code, a message that names what and where,
 * and a hint that says what to do.
 */
export class DejaError extends Error {
  readonly code: `DEJA_${string}`;
  readonly hint: string | undefined;

  constructor(code: `DEJA_${string}`, message: string, options: { readonly hint?: string; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'DejaError';
    this.code = code;
    this.hint = options.hint;
  }
}
