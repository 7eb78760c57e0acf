import { closeSync, openSync, writeSync } from 'node:fs';
import type { Sink } from './tar-reader.js';

/** A file that is not there yet takes content. `finish` gets its descriptor when it is whole. Throws errors of the file system. */
export function newFile(path: string, finish: (file: number) => void = () => undefined): Sink {
  const file = openSync(path, 'wx', 0o600);
  return {
    write(chunk) {
      for (let at = 0; at < chunk.length; ) at += writeSync(file, chunk, at);
    },
    close() {
      try {
        finish(file);
      } finally {
        closeSync(file);
      }
    },
  };
}
