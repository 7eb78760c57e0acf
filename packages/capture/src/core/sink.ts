import { Worker } from 'node:worker_threads';
import type { ErrorPackage } from '@deja/format';
import { writePackageFile } from '@deja/format/writer';
import { described } from './guard.js';
import { reportOnce } from '../hooks/not-captured.js';
import type { Recorder } from './recorder.js';
import { WriteClaim } from './write-claim.js';

/** A thread holds some MiB: without failures there is none. */
const IDLE_MS = 5000;
/** The largest package is written in less; a disk that hangs must not keep the application from ending. */
const PATIENCE_MS = 2000;

interface Pending {
  readonly pkg: ErrorPackage;
  readonly claim: WriteClaim;
}

/** Writes packages to files: in a thread of its own as long as the application lives, at once when it does not. */
export class PackageSink {
  readonly #recorder: Recorder;
  readonly #onIdle: () => void;
  /** Handed to the thread, not confirmed yet. */
  readonly #pending = new Map<string, Pending>();
  #worker: Worker | undefined = undefined;
  #idle: NodeJS.Timeout | undefined = undefined;

  /** @param onIdle called when everything that was handed over is written */
  constructor(recorder: Recorder, onIdle: () => void) {
    this.#recorder = recorder;
    this.#onIdle = onIdle;
  }

  get idle(): boolean {
    return this.#pending.size === 0;
  }

  write(path: string, pkg: ErrorPackage): void {
    const claim = new WriteClaim();
    this.#pending.set(path, { pkg, claim });
    // Copies of the exact size: cloning a view would clone all of the memory that it looks into.
    const blobs = new Map([...pkg.blobs].map(([hash, bytes]) => [hash, new Uint8Array(bytes)] as const));
    try {
      clearTimeout(this.#idle);
      this.#thread().postMessage({ path, pkg: { ...pkg, blobs }, claim: claim.state }, [...blobs.values()].map(({ buffer }) => buffer));
    } catch {
      this.writeNow(path, pkg);
    }
  }

  writeNow(path: string, pkg: ErrorPackage): void {
    this.#pending.delete(path);
    try {
      writePackageFile(path, pkg);
    } catch (error) {
      reportOnce(`could not write ${path}: ${described(error).split('\n')[0] ?? ''}`);
    }
  }

  /** The process ends: what the thread has not confirmed is written here. */
  flush(): void {
    for (const [path, { pkg, claim }] of this.#pending) {
      if (claim.take(PATIENCE_MS)) this.writeNow(path, pkg);
      else this.#pending.delete(path);
    }
  }

  #thread(): Worker {
    if (this.#worker) return this.#worker;
    const worker = this.#recorder.unobserved(writerThread);
    worker.on('message', ({ path, error }: { readonly path: string; readonly error?: string }) => {
      this.#pending.delete(path);
      if (error !== undefined) reportOnce(`could not write ${path}: ${error}`);
      if (this.idle) this.#rest();
    });
    worker.on('error', () => this.#gone());
    worker.on('exit', () => this.#gone());
    worker.unref();
    this.#worker = worker;
    return worker;
  }

  #rest(): void {
    this.#onIdle();
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => {
      const worker = this.#worker;
      this.#worker = undefined;
      void worker?.terminate();
    }, IDLE_MS).unref();
  }

  #gone(): void {
    this.#worker = undefined;
    this.flush();
  }
}

/** Its own environment and options: the thread must neither be captured nor run the application's preloads. */
function writerThread(): Worker {
  return new Worker(new URL('writer-thread.js', import.meta.url), { execArgv: [], env: {}, name: 'deja-writer' });
}
