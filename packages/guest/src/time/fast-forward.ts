import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ReplayTime } from '@deja/format';
import { Participants } from './participants.js';
import { sleepingTree, type SleepingProcess } from './processes.js';
import { SkippingClock } from './skipping-clock.js';

/** Two looks are as far apart as this at least: everybody who was woken in between has got its turn. */
const SHORTEST_MS = 1;
/** Looking takes time that the application needs: while it works, it is looked at more and more seldom, and for a small part of the time. */
const LONGEST_MS = 10;
const SLOWER = 1.5;
const SHARE = 0.05;
/** Passing over less costs more than waiting. */
const WORTH_MS = 2;

/**
 * One clock for the application's timers and what the stubs wait for. When all stand still, none of them working, it is put forward to the next moment
 * at which one has something to do.
 */
export class FastForward implements AsyncDisposable {
  readonly clock = new SkippingClock();
  readonly time: ReplayTime;
  readonly #participants = new Participants(() => this.clock.skipped);
  /** Why nothing was passed over the last time that something could have been. */
  #hindrance = '';

  private constructor(folder: string) {
    this.time = { socket: join(folder, 'time'), skipped: join(folder, 'skipped') };
  }

  /** Throws what listening throws. */
  static async open(folder: string): Promise<FastForward> {
    const made = new FastForward(folder);
    writeFileSync(made.time.skipped, '0');
    await made.#participants.open(made.time.socket);
    return made;
  }

  /** What it did, in one line. */
  get account(): string {
    const { skipped } = this.clock;
    const hindrance = this.#hindrance === '' ? '' : `; at last something hindered it: ${this.#hindrance}`;
    return `fast-forward: ${Math.round(skipped)} ms passed at once${hindrance}`;
  }

  /** Passes waiting over while `work` is under way. */
  async during<T>(app: number, work: () => Promise<T>): Promise<T> {
    const over = new AbortController();
    const passing = this.#passOver(app, over.signal);
    try {
      return await work();
    } finally {
      over.abort();
      await passing;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#participants[Symbol.asyncDispose]();
  }

  async #passOver(app: number, over: AbortSignal): Promise<void> {
    let before = '';
    let pause = SHORTEST_MS;
    while (!over.aborted) {
      const began = performance.now();
      const now = this.#look(app);
      const took = performance.now() - began;
      if (now !== null && now === before) {
        await this.#skip(over);
        before = '';
        pause = SHORTEST_MS;
      } else {
        pause = now === null ? Math.max(Math.min(pause * SLOWER, LONGEST_MS), took / SHARE) : SHORTEST_MS;
        before = now ?? '';
      }
      await sleep(pause);
    }
  }

  /** What everybody has done so far, where all of them sleep; null: somebody works. */
  #look(app: number): string | null {
    if (this.clock.isWorking) return null;
    const processes = sleepingTree(app);
    if (processes === null) return null;
    const stranger = strangerAmong(processes, this.#participants.pids);
    if (stranger !== undefined) {
      this.#hindrance = stranger;
      return null;
    }
    return `${this.clock.changes} ${processes.map(({ pid, turns }) => `${pid} ${turns}`).join(' ')}`;
  }

  async #skip(over: AbortSignal): Promise<void> {
    const { changes } = this.clock;
    const left = await this.#participants.left();
    this.#hindrance = 'unknown' in left ? left.unknown : '';
    if ('unknown' in left || over.aborted || this.clock.changes !== changes || this.clock.isWorking) return;
    const ms = Math.min(left.ms, this.clock.left);
    if (ms < WORTH_MS || !Number.isFinite(ms)) return;
    writeFileSync(this.time.skipped, String(this.clock.skipped + ms));
    await this.clock.skip(ms, () => this.#participants.skip(ms));
  }
}

/** A process that could be waiting for something that takes real time: one that is no participant, and is not only waiting for one either. */
function strangerAmong(processes: readonly SleepingProcess[], known: ReadonlySet<number>): string | undefined {
  const waitsForKnown = new Set<number>();
  // Children come after their parents.
  for (const { pid, children } of processes.toReversed()) if (children.some((child) => known.has(child) || waitsForKnown.has(child))) waitsForKnown.add(pid);
  const stranger = processes.find(({ pid }) => !known.has(pid) && !waitsForKnown.has(pid));
  return stranger && `process ${stranger.pid} is none whose clock can be put forward`;
}
