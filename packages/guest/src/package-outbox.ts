import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '@deja/stubs/clock';

const POLL_MS = 5;
/** Zip's end-of-central-directory record, without a comment: the last bytes of every package. */
const END_RECORD = 22;
const END_SIGNATURE = 0x06054b50;

/** The folder into which the application's capture writes packages; each is handed over once and removed. */
export class PackageOutbox {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #deliver: (name: string, bytes: Buffer) => void;
  readonly #delivered = new Map<string, number>();

  constructor(folder: string, clock: Clock, deliver: (name: string, bytes: Buffer) => void) {
    this.#folder = folder;
    this.#clock = clock;
    this.#deliver = deliver;
  }

  /** What was handed over, by name, and how often. */
  get delivered(): ReadonlyMap<string, number> {
    return this.#delivered;
  }

  /** Hands over what is complete now. */
  collect(): void {
    for (const name of readdirSync(this.#folder).toSorted()) {
      if (!name.endsWith('.deja')) continue;
      const file = join(this.#folder, name);
      const bytes = readFileSync(file);
      if (!isComplete(bytes)) continue;
      rmSync(file);
      this.#delivered.set(name, (this.#delivered.get(name) ?? 0) + 1);
      this.#deliver(name, bytes);
    }
  }

  /** Resolves when what was handed over is all that is waited for, when the signal says that it is enough, or after `limitMs`. */
  async collectUntil(complete: (delivered: ReadonlyMap<string, number>) => boolean, enough: AbortSignal, limitMs = Number.POSITIVE_INFINITY): Promise<void> {
    const deadline = this.#clock.now() + limitMs;
    for (this.collect(); !complete(this.#delivered) && !enough.aborted && this.#clock.now() < deadline; this.collect()) await this.#clock.sleep(POLL_MS);
  }
}

function isComplete(bytes: Buffer): boolean {
  return bytes.length >= END_RECORD && bytes.readUInt32LE(bytes.length - END_RECORD) === END_SIGNATURE;
}
