const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** Between attempts to stop listening. */
const PAUSE_MS = 50;
/** A turn of the event loop in which next to nothing else was done. */
const QUIET_MS = 1;

/**
 * A signal that nobody handles ends the process at once, and with it the packages that are under way. While there are any, they are
 * finished first; then the process dies of the same signal. Where the application handles the signal, it decides what happens.
 */
export class DyingSignals {
  readonly #finish: () => void;
  #armed = false;
  #pause: NodeJS.Timeout | undefined;
  #turn: NodeJS.Immediate | undefined;

  constructor(finish: () => void) {
    this.#finish = finish;
  }

  arm(): void {
    this.#stay();
    if (this.#armed) return;
    this.#armed = true;
    // First: libraries that end the process where nobody else handles the signal (`signal-exit`) then count one less.
    for (const signal of SIGNALS) process.prependListener(signal, this.#received);
  }

  /**
   * Nothing is under way any more: listens no longer, soon. Not at once: a signal that has reached the process but is not read yet
   * would be lost with its listener, and the process would live on. It is read at the end of each turn, so after a turn that took no time none is waiting.
   */
  disarm(): void {
    if (!this.#armed || this.#pause || this.#turn) return;
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      this.#turn = setImmediate(() => {
        const before = performance.now();
        this.#turn = setImmediate(() => {
          this.#turn = undefined;
          if (performance.now() - before < QUIET_MS) this.#remove();
          else this.disarm();
        });
      });
    }, PAUSE_MS);
    this.#pause.unref();
  }

  #stay(): void {
    clearTimeout(this.#pause);
    clearImmediate(this.#turn);
    this.#pause = undefined;
    this.#turn = undefined;
  }

  #remove(): void {
    this.#stay();
    this.#armed = false;
    for (const signal of SIGNALS) process.off(signal, this.#received);
  }

  readonly #received = (signal: NodeJS.Signals): void => {
    const alone = process.listenerCount(signal) === 1;
    this.#finish();
    this.#remove();
    if (alone) process.kill(process.pid, signal);
  };
}
