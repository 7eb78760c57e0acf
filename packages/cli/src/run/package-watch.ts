import { watch, type FSWatcher } from 'node:fs';
import { basename } from 'node:path';
import { DejaError, type Manifest } from '@deja/format';
import { packageFiles } from '../shared/find-package.js';
import { makeOutFolder } from '../shared/out-folder.js';

export interface SeenPackage {
  readonly path: string;
  readonly manifest: Manifest;
}

/** Tells of every package that appears in a folder after it was begun, once each. Makes the folder. */
export class PackageWatch {
  readonly #folder: string;
  readonly #known: Set<string>;
  readonly #seen: SeenPackage[] = [];
  readonly #onSeen: (seen: SeenPackage) => void;
  readonly #onProblem: (message: string) => void;
  readonly #watcher: FSWatcher;
  #work: Promise<void> = Promise.resolve();

  constructor(folder: string, onSeen: (seen: SeenPackage) => void, onProblem: (message: string) => void) {
    makeOutFolder(folder);
    this.#folder = folder;
    this.#onSeen = onSeen;
    this.#onProblem = onProblem;
    this.#known = new Set(packageFiles(folder).map((path) => basename(path)));
    this.#watcher = watch(folder, () => this.#look());
    // A folder that is taken away ends the watching, not the application.
    this.#watcher.on('error', (error) => onProblem(`${folder} is no longer watched: ${error.message}`));
  }

  /** Watches no longer. */
  stop(): void {
    this.#watcher.close();
  }

  /** Looks once more and gives all packages with a failure, oldest first. */
  async packages(): Promise<readonly SeenPackage[]> {
    this.#look();
    await this.#work;
    return this.#seen.toSorted((a, b) => (a.manifest.time < b.manifest.time ? -1 : 1));
  }

  #look(): void {
    for (const path of packageFiles(this.#folder)) {
      const name = basename(path);
      if (this.#known.has(name)) continue;
      this.#known.add(name);
      this.#work = this.#work.then(() => this.#read(path));
    }
  }

  async #read(path: string): Promise<void> {
    try {
      const { readPackage } = await import('@deja/format/node');
      const { manifest } = await readPackage(path);
      if (manifest.summary === null) return;
      const seen = { path, manifest };
      this.#seen.push(seen);
      this.#onSeen(seen);
    } catch (error) {
      this.#onProblem(error instanceof DejaError ? error.message : String(error));
    }
  }
}
