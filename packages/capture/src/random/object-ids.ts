/** `draw` gives the key that `bson` made, as hex; what it gives is what the program shall see. */
type ObjectIdHook = (draw: () => string) => string;

let current: ObjectIdHook | undefined;

/** Leads the keys that copies of `bson` make through `hook`, of those loaded before and after. Of several hooks the last is asked first, and draws from the one before. */
export function leadObjectIds(hook: ObjectIdHook): Disposable {
  const below = current;
  current = (draw) => hook(below === undefined ? draw : () => below(draw));
  return { [Symbol.dispose]: () => void (current = below) };
}

const KEY = /^[0-9a-f]{24}$/;

/**
 * `new ObjectId()` makes a key of the time, of what the process drew once, and of a counter, without calling anything that could be replaced: the class is.
 * Of keys that are read from an argument or a document nothing is seen.
 */
export function patchObjectIds(exports: unknown): void {
  const original: unknown = Reflect.get(exports as object, 'ObjectId');
  if (typeof original !== 'function') throw new Error('bson has no ObjectId');
  const observed = new Proxy(original, {
    construct(target, args: readonly unknown[], newTarget) {
      const made = Reflect.construct(target, args, newTarget) as { toHexString(): string };
      const [given] = args;
      if (current === undefined || (given !== undefined && given !== null)) return made;
      const own = made.toHexString();
      const seen = current(() => own);
      return seen === own || !KEY.test(seen) ? made : (Reflect.construct(target, [seen], newTarget) as object);
    },
  });
  // Who compares a key's class with the one it has by name finds the same.
  Object.defineProperty(original.prototype, 'constructor', { value: observed, writable: true, configurable: true, enumerable: false });
  if (!Reflect.set(exports as object, 'ObjectId', observed)) throw new Error('the ObjectId of bson cannot be replaced');
}
