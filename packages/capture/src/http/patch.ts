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

/**
 * What `target` inherits from. Its methods are to be read at each call, not once: others may patch them after us, and must still be called.
 */
export function parentOf<K extends string>(target: object): Readonly<Record<K, Method>> {
  return Object.getPrototypeOf(target) as Readonly<Record<K, Method>>;
}
