import { join } from 'node:path';
import type { ErrorPackage } from '@deja/format';
import { writePackage } from '@deja/format/writer';
import type { NotedFailure } from '../failure/noted.js';
import { reportOnce } from '../hooks/not-captured.js';
import type { Redactor } from '../redact/redactor.js';
import { assemble, uniqueId, type About } from './assemble.js';
import { now, EPOCH } from './clock.js';
import { described } from './guard.js';
import { DyingSignals } from './dying-signals.js';
import { Rate } from './rate.js';
import type { RequestScope } from './scope.js';
import { PackageSink } from './sink.js';
import { snapshotOf, type Snapshot } from './snapshot.js';
import type { TimelineRecorder } from './timeline-recorder.js';

export interface PackagerOptions {
  readonly recorder: TimelineRecorder;
  readonly out: string;
  readonly perMinute: number;
  /** Settles when what packages should contain, and is under way, is there; null when nothing is. */
  ready(): Promise<void> | null;
  /** Called for each package. A fresh redactor each: it remembers what it saw. */
  about(redactor: Redactor): About;
  redactor(): Redactor;
}

interface Job {
  readonly path: string;
  readonly id: string;
  readonly snapshot: Snapshot;
  /** An error that the process itself was told of: if the process ends soon, then because of it. */
  readonly processLevel: boolean;
  readonly begunAt: number;
  steps: Generator<undefined, ErrorPackage> | undefined;
}

/** Work in one slice, then the application is served. */
const SLICE_MS = 4;
/** A process that ends so soon after an error that nobody handled ends because of it. */
const DYING_MS = 15_000;

/** A schema is read in less; waiting longer would keep the failure's data too long. */
function soon(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 3000).unref();
  });
}

/** Makes packages of failures and hands them to the sink. */
export class Packager {
  readonly #options: PackagerOptions;
  readonly #sink: PackageSink;
  readonly #rate: Rate;
  readonly #jobs = new Set<Job>();
  readonly #leaving = new Map<RequestScope, () => void>();
  readonly #signals = new DyingSignals(() => this.#dying());
  #lastOfProcess: Job | undefined = undefined;

  constructor(options: PackagerOptions) {
    this.#options = options;
    this.#sink = new PackageSink(options.recorder, () => this.#settled());
    this.#rate = new Rate(options.perMinute);
  }

  /** A failed answer is on its way out: should a signal end the process now, `packageIt` is called. */
  leaving(scope: RequestScope, packageIt: () => void): void {
    this.#leaving.set(scope, packageIt);
    this.#signals.arm();
  }

  /** The answer is out, and what was to be packaged of it has been handed over. */
  left(scope: RequestScope): void {
    if (this.#leaving.delete(scope)) this.#settled();
  }

  /** In slices, while the application goes on. */
  package(scope: RequestScope | undefined, failure: NotedFailure, processLevel = false): void {
    if (!this.#admitted()) return;
    const snapshot = snapshotOf(this.#options.recorder, scope, failure, false);
    const id = uniqueId();
    const job: Job = { path: this.#pathOf(id), id, snapshot, processLevel, begunAt: now(), steps: this.#steps(snapshot, id) };
    this.#jobs.add(job);
    this.#signals.arm();
    if (processLevel) this.#lastOfProcess = job;
    const begin = (): void => void setImmediate(() => this.#slice(job));
    this.#options.recorder.unobserved(() => {
      const ready = this.#options.ready();
      if (ready === null) begin();
      else void Promise.race([ready, soon()]).then(begin, begin);
    });
  }

  /** At once: the process ends, or a replay needs the file now. `name`: of the file, instead of a new one. */
  packageNow(scope: RequestScope | undefined, failure: NotedFailure | null, fatal: boolean, name?: string, processLevel = false): void {
    const id = uniqueId();
    const path = name === undefined ? this.#pathOf(id) : join(this.#options.out, name);
    const snapshot = snapshotOf(this.#options.recorder, scope, failure, fatal);
    // Handlers of the application's own may end the process yet; then it is written again, as fatal.
    if (processLevel) this.#lastOfProcess = { path, id, snapshot, processLevel, begunAt: now(), steps: undefined };
    this.#finish(path, snapshot, id);
  }

  /** Makes a package of nothing and throws it away: what a replay's first package would have to load is there when its request comes. */
  rehearse(): void {
    const failure: NotedFailure = { origin: 'framework', thrown: { value: new Error('a rehearsal') }, at: now(), afterOrder: 0 };
    try {
      const steps = this.#steps(snapshotOf(this.#options.recorder, undefined, failure, false), uniqueId());
      for (let step = steps.next(); ; step = steps.next()) if (step.done) return void writePackage(step.value);
    } catch {
      // What is wrong is said when a package is wanted.
    }
  }

  /** The process ends with this code: nothing that was begun may be lost. */
  exiting(code: number): void {
    const last = this.#lastOfProcess;
    for (const job of this.#jobs) {
      if (job === last) continue;
      this.#finish(job.path, job.snapshot, job.id);
    }
    if (last && code !== 0 && now() - last.begunAt < DYING_MS) this.#finish(last.path, { ...last.snapshot, fatal: true }, last.id);
    else if (last && this.#jobs.has(last)) this.#finish(last.path, last.snapshot, last.id);
    this.#jobs.clear();
    this.#sink.flush();
  }

  #dying(): void {
    for (const packageIt of this.#leaving.values()) packageIt();
    this.#leaving.clear();
    this.exiting(0);
  }

  #settled(): void {
    if (this.#jobs.size === 0 && this.#leaving.size === 0 && this.#sink.idle) this.#signals.disarm();
  }

  #admitted(): boolean {
    if (this.#rate.admit()) return true;
    reportOnce('more failures than are packaged in a minute (DEJA_LIMITS=packages=N); the next package says how many were left out');
    return false;
  }

  #slice(job: Job): void {
    const until = now() + SLICE_MS;
    try {
      while (job.steps && this.#jobs.has(job)) {
        const step = job.steps.next();
        if (step.done) {
          job.steps = undefined;
          this.#jobs.delete(job);
          this.#sink.write(job.path, step.value);
          this.#settled();
          return;
        }
        if (now() >= until) {
          setImmediate(() => this.#slice(job));
          return;
        }
      }
    } catch (error) {
      this.#jobs.delete(job);
      this.#settled();
      reportOnce(`a failure could not be packaged: ${described(error)}`);
    }
  }

  #finish(path: string, snapshot: Snapshot, id: string): void {
    try {
      const steps = this.#steps(snapshot, id);
      for (let step = steps.next(); ; step = steps.next()) {
        if (!step.done) continue;
        this.#sink.writeNow(path, step.value);
        return;
      }
    } catch (error) {
      reportOnce(`a failure could not be packaged: ${described(error)}`);
    }
  }

  #steps(snapshot: Snapshot, id: string): Generator<undefined, ErrorPackage> {
    const redactor = this.#options.redactor();
    const refused = this.#rate.takeRefused();
    const dropped = refused > 0 ? [...snapshot.dropped, `${refused} failures before this one were not packaged: too many in a minute`] : snapshot.dropped;
    return assemble({ ...snapshot, dropped }, this.#options.about(redactor), redactor, id);
  }

  #pathOf(id: string): string {
    const time = new Date(Math.round(EPOCH + now())).toISOString().replaceAll(/[:.]/g, '-');
    return join(this.#options.out, `${time}-${id.slice(0, 8)}.deja`);
  }
}
