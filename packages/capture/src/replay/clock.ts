import { skipped } from '../core/clock.js';

/** The application's clock, moved. Timers and `performance.now` go on as they are, unless waiting is passed over. */
export interface ReplayClock extends Disposable {
  /** The recorded moment is now; only the first call counts. */
  reached(): void;
}

const RealDate = Date;

/**
 * Moves `Date`: when `reached` is called it shows `at` (milliseconds since 1970) and runs on from there. Before, too, it shows that time, so that
 * what starts the application sees no jump; how long starting took is taken back at the first request.
 */
export function installClock(at: number): ReplayClock {
  let offset = at - RealDate.now();
  let moved = false;
  const now = (): number => RealDate.now() + Math.round(skipped()) + offset;

  function MovedDate(this: unknown, ...args: unknown[]): unknown {
    // `Date()` without `new` gives text.
    if (new.target === undefined) return new RealDate(now()).toString();
    return Reflect.construct(RealDate, args.length === 0 ? [now()] : args, new.target === MovedDate ? RealDate : new.target);
  }
  Object.defineProperties(MovedDate, {
    ...Object.getOwnPropertyDescriptors(RealDate),
    name: { value: 'Date', configurable: true },
    length: { value: 7, configurable: true },
    now: { value: now, configurable: true, writable: true },
  });
  Object.defineProperty(now, 'name', { value: 'now' });
  // The same prototype object: dates made before, by Node or in subclasses, are instances too.
  Object.defineProperty(RealDate.prototype, 'constructor', { value: MovedDate, configurable: true, writable: true });
  globalThis.Date = MovedDate as unknown as DateConstructor;

  return {
    reached: () => {
      if (moved) return;
      moved = true;
      offset = Math.trunc(at) - Math.round(skipped()) - RealDate.now();
    },
    [Symbol.dispose]: () => {
      if (globalThis.Date === (MovedDate as unknown as DateConstructor)) globalThis.Date = RealDate;
      Object.defineProperty(RealDate.prototype, 'constructor', { value: RealDate, configurable: true, writable: true });
    },
  };
}
