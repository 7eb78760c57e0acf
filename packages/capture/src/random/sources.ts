import nodeCrypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import type { RandomEvent } from '@deja/format';
import { leadObjectIds } from './object-ids.js';

export type RandomSource = RandomEvent['source'];

/** Stands between the program and its randomness: `draw` gets the real value, `value` is what the program shall see, as text. */
export type RandomHook = (source: RandomSource, draw: () => string) => string;

/** Longer draws are keys or payload: their bytes are left alone. */
export const MAX_BYTES = 64;

type BytesCallback = (error: Error | null, bytes: Buffer) => void;

/**
 * Leads Math.random, crypto.randomUUID, randomBytes and randomInt (and their promise, callback and Web Crypto forms) through `hook`.
 * Imports by name (`import { randomUUID } from 'node:crypto'`) are led too, and the keys that `bson` makes.
 */
export function hookRandomness(hook: RandomHook): Disposable {
  const { random } = Math;
  const { randomUUID, randomBytes, randomInt } = nodeCrypto;
  const web = nodeCrypto.webcrypto;
  const webUUID = web.randomUUID.bind(web);

  const bytes = (size: number): Buffer => {
    if (size > MAX_BYTES) return randomBytes(size);
    const drawn = Buffer.from(hook('randomBytes', () => randomBytes(size).toString('base64')), 'base64');
    return drawn.length === size ? drawn : randomBytes(size);
  };
  const uuid = (real: () => string): string => hook('randomUUID', real);

  Math.random = function random_(): number {
    return Number(hook('Math.random', () => String(random())));
  };
  Object.defineProperty(Math.random, 'name', { value: 'random' });
  const patched = {
    randomUUID: (options?: nodeCrypto.RandomUUIDOptions) => uuid(() => randomUUID(options)),
    randomBytes: (size: number, callback?: BytesCallback) => {
      // The real one first where the arguments are wrong: its own error, its own validation.
      if (callback === undefined) return Number.isInteger(size) && size >= 0 ? bytes(size) : randomBytes(size);
      if (!Number.isInteger(size) || size < 0 || size > MAX_BYTES || typeof callback !== 'function') return randomBytes(size, callback);
      const drawn = bytes(size);
      return randomBytes(0, (error) => callback(error, drawn));
    },
    randomInt: (...args: readonly unknown[]) => drawInt(randomInt as (...args: readonly unknown[]) => number, args, hook),
  };
  Object.assign(nodeCrypto, patched);
  web.randomUUID = () => uuid(() => webUUID()) as ReturnType<typeof webUUID>;
  syncBuiltinESMExports();
  const objectIds = leadObjectIds((draw) => hook('ObjectId', draw));

  return {
    [Symbol.dispose]: () => {
      objectIds[Symbol.dispose]();
      Math.random = random;
      Object.assign(nodeCrypto, { randomUUID, randomBytes, randomInt });
      Reflect.deleteProperty(web, 'randomUUID');
      syncBuiltinESMExports();
    },
  };
}

function drawInt(real: (...args: readonly unknown[]) => number, args: readonly unknown[], hook: RandomHook): unknown {
  const callback = args.at(-1);
  if (typeof callback !== 'function') return Number(hook('randomInt', () => String(real(...args))));
  const bounds = args.slice(0, -1);
  const drawn = Number(hook('randomInt', () => String(real(...bounds))));
  return real(...bounds, (error: unknown) => {
    Reflect.apply(callback, undefined, error instanceof Error ? [error] : [null, drawn]);
  });
}
