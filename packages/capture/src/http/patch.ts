/** Puts a property on an object, and takes it off again as it was (own or inherited). */
export function override<T extends object>(target: T, name: keyof T & string, value: unknown): Disposable {
  const before = Object.getOwnPropertyDescriptor(target, name);
  Object.defineProperty(target, name, { value, writable: true, configurable: true, enumerable: before?.enumerable ?? false });
  return {
    [Symbol.dispose]() {
      // Somebody may have wrapped ours since: then it stays in the chain.
      if (Object.getOwnPropertyDescriptor(target, name)?.value !== value) return;
      if (before) Object.defineProperty(target, name, before);
      else Reflect.deleteProperty(target, name);
    },
  };
}

export function together(parts: readonly Disposable[]): Disposable {
  return {
    [Symbol.dispose]() {
      for (const part of parts.toReversed()) part[Symbol.dispose]();
    },
  };
}

export type Method = (this: unknown, ...args: unknown[]) => unknown;

/** A method as a value, to be called with its `this`. */
export function method(target: object, name: string): Method {
  return Reflect.get(target, name) as Method;
}

/** The method that `target` inherits now: others may patch it after us, and must still be called. */
export function inherited(target: object, name: string): Method {
  return method(Object.getPrototypeOf(target) as object, name);
}
