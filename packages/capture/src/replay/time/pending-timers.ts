import { createHook } from 'node:async_hooks';

/**
 * What Node keeps of a timer, in all versions from 20 to 26: timers of one duration stand in a circle behind a list, in the order of their starts;
 * the lists stand in a queue ordered by `expiry`. All of it counts milliseconds of the event loop's clock.
 */
interface Timer {
  readonly _idlePrev: Timer | TimerList | null;
  readonly _idleNext: Timer | TimerList | null;
  _idleStart: number;
}

interface TimerList {
  readonly _idleNext: Timer | TimerList;
  readonly msecs: number;
  expiry: number;
}

/** All timers of this thread, whoever set them: the application, sockets' own time-outs, `AbortSignal.timeout`. */
export interface PendingTimers extends Disposable {
  /** Milliseconds until the first of them is due, negative when it is late; null: there is none. */
  left(): number | null;
  /**
   * Brings all of them nearer. The order of the queue stays as it is, for all lists are moved alike; timers that are set later count from the clock
   * of the event loop, which knows nothing of this.
   */
  bringNearer(ms: number): void;
}

const FAR_MS = 2 ** 30;

/** From here on. Throws when this Node keeps its timers in another way. */
export function watchTimers(): PendingTimers {
  const live = new Map<number, Timer>();
  const hook = createHook({
    init: (id, type, _, timer) => void (type === 'Timeout' && live.set(id, timer as Timer)),
    destroy: (id) => void live.delete(id),
  }).enable();
  try {
    checkShape(live);
  } catch (error) {
    hook.disable();
    throw error;
  }
  return {
    left() {
      const lists = listsOf(live.values());
      const first = Math.min(...[...lists].map((list) => (list._idleNext as Timer)._idleStart + list.msecs));
      return lists.size === 0 ? null : first - loopTime();
    },
    bringNearer(ms) {
      for (const list of listsOf(live.values())) {
        for (let timer = list._idleNext; !isList(timer); timer = timer._idleNext ?? list) timer._idleStart -= ms;
        list.expiry -= ms;
      }
      // Node looks at its timers when the nearest that it knew of is due: this one makes it look now.
      setTimeout(() => undefined, 1);
    },
    [Symbol.dispose]: () => void hook.disable(),
  };
}

/** The event loop's clock as it is for timers that are set now. */
function loopTime(): number {
  const timer = setTimeout(() => undefined, FAR_MS);
  clearTimeout(timer);
  return (timer as unknown as Timer)._idleStart;
}

function listsOf(timers: Iterable<Timer>): ReadonlySet<TimerList> {
  const lists = new Set<TimerList>();
  const seen = new Set<Timer>();
  for (const timer of timers) {
    // Backwards to the list, or to a timer from which somebody has gone there already.
    let at: Timer | TimerList | null = timer;
    while (at !== null && !isList(at) && !seen.has(at)) {
      seen.add(at);
      at = at._idlePrev;
    }
    if (at !== null && isList(at)) lists.add(at);
  }
  return lists;
}

function isList(one: Timer | TimerList): one is TimerList {
  return 'expiry' in one;
}

function checkShape(live: ReadonlyMap<number, Timer>): void {
  const timer = setTimeout(() => undefined, FAR_MS);
  try {
    const [list] = listsOf([timer as unknown as Timer]);
    const known = [...live.values()].includes(timer as unknown as Timer);
    if (!known || list?.msecs !== FAR_MS || list.expiry !== (timer as unknown as Timer)._idleStart + FAR_MS) throw new Error(`the timers of Node ${process.versions.node} cannot be put forward`);
  } finally {
    clearTimeout(timer);
  }
}
