const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/**
 * A signal that nobody handles ends the process at once, and with it the packages that are under way. While there are any, they are
 * finished first; then the process dies of the same signal. Where the application handles the signal, it decides what happens.
 */
export class DyingSignals {
  readonly #finish: () => void;
  #armed = false;

  constructor(finish: () => void) {
    this.#finish = finish;
  }

  arm(): void {
    if (this.#armed) return;
    this.#armed = true;
    for (const signal of SIGNALS) process.on(signal, this.#received);
  }

  disarm(): void {
    if (!this.#armed) return;
    this.#armed = false;
    for (const signal of SIGNALS) process.off(signal, this.#received);
  }

  readonly #received = (signal: NodeJS.Signals): void => {
    const alone = process.listenerCount(signal) === 1;
    this.#finish();
    this.disarm();
    if (alone) process.kill(process.pid, signal);
  };
}
