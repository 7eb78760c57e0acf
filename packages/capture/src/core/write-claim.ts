/** Who writes a package that was handed to the thread: exactly one of the two, also when the process ends in between. */
export class WriteClaim {
  readonly state: Int32Array<SharedArrayBuffer>;

  /** @param state of the other side's claim; a fresh one without */
  constructor(state: Int32Array<SharedArrayBuffer> = new Int32Array(new SharedArrayBuffer(4))) {
    this.state = state;
  }

  /** For the thread: writes, unless the other side has taken it over. Throws what `write` throws; the other side may take it then. */
  asThread(write: () => void): void {
    if (Atomics.compareExchange(this.state, 0, OPEN, WRITING) !== OPEN) return;
    let end = OPEN;
    try {
      write();
      end = WRITTEN;
    } finally {
      Atomics.store(this.state, 0, end);
      Atomics.notify(this.state, 0);
    }
  }

  /** For the main thread, whose process ends: true when it has to write; waits while the thread is at it. Blocks, at most `patienceMs`. */
  take(patienceMs: number): boolean {
    Atomics.wait(this.state, 0, WRITING, patienceMs);
    return Atomics.exchange(this.state, 0, TAKEN) !== WRITTEN;
  }
}

const OPEN = 0;
const WRITING = 1;
const WRITTEN = 2;
const TAKEN = 3;
