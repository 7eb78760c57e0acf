/** What pauses may cost. Times in milliseconds. */
export interface PauseLimits {
  /** Pauses per second, and at once after a quiet time. */
  readonly perSecond: number;
  readonly burst: number;
  /** Share of wall time, and how much may be spent at once after a quiet time. */
  readonly share: number;
  readonly spendable: number;
  /** One pause; collecting stops there. */
  readonly onePause: number;
}

/**
 * Libraries throw and catch dozens of times while they are loaded and configured (one S3 client: 60 times, 30 ms in all): the burst lets that
 * pass without being blind for the failures that follow.
 */
export const DEFAULT_PAUSES: PauseLimits = { perSecond: 25, burst: 400, share: 0.01, spendable: 300, onePause: 15 };

/** Two token buckets: number of pauses and the time that they took. */
export class PauseBudget {
  readonly #limits: PauseLimits;
  #pauses: number;
  #time: number;
  #at: number;

  constructor(limits: PauseLimits, now: number) {
    this.#limits = limits;
    this.#pauses = limits.burst;
    this.#time = limits.spendable;
    this.#at = now;
  }

  /** A pause that took `ms` has ended. */
  spend(ms: number, now: number): void {
    this.#refill(now);
    this.#pauses -= 1;
    this.#time -= ms;
  }

  /** Milliseconds until there is budget again; 0 while there is. */
  waitMs(now: number): number {
    this.#refill(now);
    const forPauses = this.#pauses >= 1 ? 0 : ((this.#limits.perSecond - this.#pauses) / this.#limits.perSecond) * 1000;
    const forTime = this.#time > 0 ? 0 : (this.#limits.onePause - this.#time) / this.#limits.share;
    return Math.max(forPauses, forTime);
  }

  #refill(now: number): void {
    const passed = Math.max(0, now - this.#at);
    this.#at = now;
    this.#pauses = Math.min(this.#limits.burst, this.#pauses + (passed / 1000) * this.#limits.perSecond);
    this.#time = Math.min(this.#limits.spendable, this.#time + passed * this.#limits.share);
  }
}
