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

/** A method of such a value, to be called on it. @throws where it has none. */
export function methodOf(value: unknown, name: string): (...args: readonly unknown[]) => unknown {
  const method = field(value, name);
  if (!isFunction(method)) throw new Error(`${name} is no method here`);
  return (...args) => method.apply(value, [...args]);
}
