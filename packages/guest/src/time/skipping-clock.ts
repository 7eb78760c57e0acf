import type { Clock } from '@deja/stubs/clock';

interface Wait {
  /** On this clock. */
  readonly due: number;
  readonly end: (passed: boolean) => void;
  timer: NodeJS.Timeout | undefined;
}

/** Node's timers overflow beyond this. */
const LONGEST = 2 ** 31 - 1;

/** A clock that runs as this machine's does, and can be put forward. */
export class SkippingClock implements Clock {
  readonly #waits = new Set<Wait>();
  #skipped = 0;
  #working = 0;
  #changes = 0;

  /** Milliseconds that passed at once. */
  get skipped(): number {
    return this.#skipped;
  }

  /** Grows with everything that happens here. */
  get changes(): number {
    return this.#changes;
  }

  get isWorking(): boolean {
    return this.#working > 0;
  }

  /** Milliseconds until the next wait is over; `Infinity`: nobody waits. */
  get left(): number {
    return Math.min(...[...this.#waits].map(({ due }) => due)) - this.now();
  }

  now(): number {
    return performance.now() + this.#skipped;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<boolean> {
    if (signal?.aborted) return Promise.resolve(false);
    if (ms <= 0) return Promise.resolve(true);
    this.#changes++;
    return new Promise((resolve) => {
      const end = (passed: boolean): void => {
        clearTimeout(wait.timer);
        signal?.removeEventListener('abort', stop);
        this.#waits.delete(wait);
        this.#changes++;
        resolve(passed);
      };
      const stop = (): void => end(false);
      const wait: Wait = { due: this.now() + ms, end, timer: undefined };
      signal?.addEventListener('abort', stop, { once: true });
      this.#waits.add(wait);
      this.#arm(wait);
    });
  }

  working(): Disposable {
    this.#working++;
    return {
      [Symbol.dispose]: () => {
        this.#working--;
        this.#changes++;
      },
    };
  }

  /** Puts the clock forward. What is due then ends only after `told`: by that time everybody else's clock shows the same. */
  async skip(ms: number, told: () => Promise<void>): Promise<void> {
    const before = [...this.#waits];
    for (const wait of before) clearTimeout(wait.timer);
    this.#skipped += ms;
    await told();
    for (const wait of before) if (this.#waits.has(wait)) this.#arm(wait);
  }

  #arm(wait: Wait): void {
    const left = wait.due - this.now();
    wait.timer = setTimeout(() => (wait.due <= this.now() ? wait.end(true) : this.#arm(wait)), Math.min(Math.max(left, 0), LONGEST));
  }
}
