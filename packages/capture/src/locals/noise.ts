/** Throws of one place before they count as noise; fewer where none of the application's code is waiting for them. */
const OFTEN = { ownCode: 20, others: 4 } as const;
const MOST = 2000;

/** Which places throw often without a failure coming of it: validators that probe, control flow by exceptions. */
export class Noise {
  readonly #counts = new Map<string, number>();

  /** An exception was thrown there, called by the application's own code or by others. Returns whether that is only noise. */
  thrown(place: string, from: keyof typeof OFTEN): boolean {
    const count = (this.#counts.get(place) ?? 0) + 1;
    // Taken out and in again: the map stays in order of use, the first is the one unused for longest.
    this.#counts.delete(place);
    this.#counts.set(place, count);
    if (this.#counts.size > MOST) for (const oldest of this.#counts.keys()) { this.#counts.delete(oldest); break; }
    return count > OFTEN[from];
  }

  get places(): number {
    return this.#counts.size;
  }

  /** One of them became a failure: the next ones count again. */
  failed(place: string): void {
    this.#counts.delete(place);
  }
}
