/**
 * The stack as text. The application's `Error.prepareStackTrace` is put aside while it is read: it may throw, return something else than
 * text, or count its calls. Never throws.
 */
export function readStack(error: object): string | undefined {
  const holder = Error as { prepareStackTrace?: unknown };
  const own = Object.getOwnPropertyDescriptor(holder, 'prepareStackTrace');
  const aside = own !== undefined && 'value' in own && own.writable === true && typeof own.value === 'function';
  try {
    if (aside) holder.prepareStackTrace = undefined;
    return textOf(Reflect.get(error, 'stack'));
  } catch {
    return undefined;
  } finally {
    if (aside) holder.prepareStackTrace = own.value as unknown;
  }
}

/** Some libraries leave the call sites themselves in `stack`. */
function textOf(stack: unknown): string | undefined {
  if (typeof stack === 'string') return stack;
  if (!Array.isArray(stack)) return undefined;
  return stack.map((site: unknown) => `    at ${String(site)}`).join('\n');
}
