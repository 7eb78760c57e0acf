import type { TimelineRecorder } from '../core/timeline-recorder.js';
import { noteNotCaptured } from '../hooks/not-captured.js';
import type { DataPaths } from './data-paths.js';
import { type AskedFile, LiveFile } from './file-event.js';

/** So many files of one scope are told of: an application that goes through whole folders must not push out everything else. */
const MOST = 500;
const LARGEST = 2 * 1024 * 1024;

interface Share {
  events: number;
  readonly looked: Set<string>;
}

/** The files of data that the application asks for, within their share of what a scope may keep. */
export class ObservedFiles {
  readonly #recorder: TimelineRecorder;
  readonly #paths: DataPaths;
  readonly #cap: number;
  readonly #shares = new WeakMap<object, Share>();

  constructor(recorder: TimelineRecorder, paths: DataPaths, cap: number) {
    this.#recorder = recorder;
    this.#paths = paths;
    this.#cap = Math.min(cap, LARGEST);
  }

  /** Null: what is asked for is no data, or is not told of. */
  begin(operation: AskedFile['operation'], given: unknown, append = false): LiveFile | null {
    const path = this.#paths.of(given);
    if (path === null) return null;
    const scope = this.#recorder.currentScope();
    if (scope === undefined) return null;
    const share = this.#shares.get(scope) ?? { events: 0, looked: new Set<string>() };
    this.#shares.set(scope, share);
    // Looking again tells nothing new.
    if (operation === 'look' && share.looked.has(path)) return null;
    if (share.events >= MOST) {
      noteNotCaptured(`files: more than ${MOST} in one request, or at the start`);
      return null;
    }
    const file = new LiveFile({ operation, path, append }, this.#cap);
    if (!file.begin(this.#recorder)) return null;
    share.events += 1;
    if (operation === 'look') share.looked.add(path);
    else share.looked.delete(path);
    return file;
  }
}
