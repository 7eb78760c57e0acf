import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, readSync, renameSync, writeFileSync, type BigIntStats } from 'node:fs';
import { DejaError } from '@deja/format';
import { draftFor } from './make-once.js';

/** Times of files are not finer than this: some file systems count whole seconds, and kernels look at the clock some hundred times a second. */
const TICK_NS = 20_000_000n;
const COARSE_TICK_NS = 2_000_000_000n;
const SECOND_NS = 1_000_000_000n;
/** Milliseconds after which a file that was left alone can be told from one that changed since. */
export const SETTLED_MS = 30;
/** One for all files: nothing waits while one is read. */
const chunk = Buffer.allocUnsafeSlow(1024 * 1024);

type Known = readonly [stamp: string, sum: string];

/**
 * Sums of files' contents, kept between runs, so that no file is read again that did not change: what the file system says of it is the same, and was so
 * for long enough that a change after the reading would show.
 */
export class FileIndex {
  readonly #path: string;
  readonly #known: ReadonlyMap<string, Known>;
  readonly #seen = new Map<string, Known>();
  #changed = false;
  /** How many files were read. */
  read = 0;

  constructor(path: string) {
    this.#path = path;
    this.#known = load(path);
  }

  /** The sum of a regular file's content. @throws DejaError DEJA_IMAGE_FAILED when it cannot be read */
  sum(path: string, stat: BigIntStats): string {
    const stamp = stampOf(stat);
    const known = this.#seen.get(path) ?? this.#known.get(path);
    if (known?.[0] === stamp) {
      this.#seen.set(path, known);
      return known[1];
    }
    const now = BigInt(Date.now()) * 1_000_000n;
    const sum = sumOf(path);
    this.read += 1;
    this.#changed = true;
    if (isSettled(stat, now)) this.#seen.set(path, [stamp, sum]);
    else this.#seen.delete(path);
    return sum;
  }

  /** Keeps what was asked for since it was made, and nothing else. */
  save(): void {
    if (!this.#changed && this.#seen.size === this.#known.size) return;
    const draft = draftFor(this.#path);
    writeFileSync(draft, JSON.stringify([...this.#seen].map(([path, known]) => [path, ...known])));
    renameSync(draft, this.#path);
    this.#changed = false;
  }
}

/** Whatever changes a file changes one of these, the last at least. */
export function stampOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
}

/** What is in a file, as SHA-256. @throws DejaError DEJA_IMAGE_FAILED */
export function sumOf(path: string): string {
  try {
    const hash = createHash('sha256');
    const file = openSync(path, 'r');
    try {
      for (let bytes = readSync(file, chunk); bytes > 0; bytes = readSync(file, chunk)) hash.update(chunk.subarray(0, bytes));
    } finally {
      closeSync(file);
    }
    return hash.digest('base64');
  } catch (cause) {
    throw new DejaError('DEJA_IMAGE_FAILED', `${path} cannot be read for an image: ${(cause as Error).message}`, { cause, hint: 'An image holds all of an application: give the user that runs Deja the right to read it.' });
  }
}

/** Whether a change from now on has another time than the last one. */
function isSettled({ mtimeNs, ctimeNs }: BigIntStats, now: bigint): boolean {
  const isCoarse = mtimeNs % SECOND_NS === 0n && ctimeNs % SECOND_NS === 0n;
  return ctimeNs + (isCoarse ? COARSE_TICK_NS : TICK_NS) < now;
}

/** What is damaged is as if it were not there. */
function load(path: string): ReadonlyMap<string, Known> {
  try {
    const entries = JSON.parse(readFileSync(path, 'utf8')) as readonly (readonly [string, string, string])[];
    return new Map(entries.map(([file, stamp, sum]) => [file, [stamp, sum]]));
  } catch {
    return new Map();
  }
}
