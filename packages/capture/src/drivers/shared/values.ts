/** Fields of values of the application, whose shape is not known: never throws. */
export function field(value: unknown, name: string): unknown {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined;
  try {
    return Reflect.get(value, name);
  } catch {
    return undefined;
  }
}

export function textField(value: unknown, name: string): string | undefined {
  const found = field(value, name);
  return typeof found === 'string' ? found : undefined;
}

export function isFunction(value: unknown): value is (this: unknown, ...args: unknown[]) => unknown {
  return typeof value === 'function';
}
