const wrappers = new WeakSet<object>();

/** A method as its wrapper gets it: to be called with the same `this`. */
export type Method<A extends unknown[] = unknown[]> = (this: unknown, ...args: A) => unknown;

/**
 * Replaces the method `name` of `target` by what `make` gives for the present one, once: a method that was wrapped here before stays.
 * The replacement keeps name and length. Returns whether there is such a method.
 */
export function wrapMethod<A extends unknown[]>(target: object, name: string, make: (original: Method<A>) => Method<A>): boolean {
  const original: unknown = Reflect.get(target, name);
  if (typeof original !== 'function') return false;
  if (wrappers.has(original)) return true;
  const wrapper = make(original as Method<A>);
  Object.defineProperty(wrapper, 'name', { value: original.name, configurable: true });
  Object.defineProperty(wrapper, 'length', { value: original.length, configurable: true });
  wrappers.add(wrapper);
  const own = Object.getOwnPropertyDescriptor(target, name);
  Object.defineProperty(target, name, { value: wrapper, writable: true, configurable: true, enumerable: own?.enumerable ?? false });
  return true;
}
