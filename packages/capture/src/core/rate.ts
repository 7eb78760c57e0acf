import { now } from './clock.js';

const MINUTE = 60_000;

/** At most so many in any minute; counts those it refused. */
export class Rate {
  readonly #perMinute: number;
  readonly #granted: number[] = [];
  #refused = 0;

  constructor(perMinute: number) {
    this.#perMinute = perMinute;
  }

  admit(): boolean {
    const time = now();
    while (this.#granted[0] !== undefined && this.#granted[0] <= time - MINUTE) this.#granted.shift();
    if (this.#granted.length >= this.#perMinute) {
      this.#refused += 1;
      return false;
    }
    this.#granted.push(time);
    return true;
  }

  /** How many were refused since this was last asked. */
  takeRefused(): number {
    const refused = this.#refused;
    this.#refused = 0;
    return refused;
  }
}
