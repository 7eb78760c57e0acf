import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { DejaError } from '@deja/format';
import { extract, type Extract } from 'tar-stream';
import { isFileProblem } from './file-problem.js';
import type { Release } from './release.js';

/** Of all that comes out: symbols for debuggers are large. */
const MAX_BYTES = 1024 * 1024 * 1024;
const MAX_PROGRAM_BYTES = 64 * 1024 * 1024;

/**
 * Takes the two programs out of an archive, as `firecracker` and `jailer` of a folder. Names in the archive are compared, never used as paths;
 * whatever else is in it is passed over.
 *
 * @throws DejaError DEJA_FIRECRACKER_ARCHIVE; errors of the file system about `folder`.
 */
export async function unpack(archive: string, { members, version }: Release, folder: string): Promise<void> {
  const wanted = new Map(Object.entries(members).map(([program, member]) => [member, program]));
  const entries = extract();
  const fed = pipeline(createReadStream(archive), createGunzip(), bounded(), entries);
  const [reading, feeding] = await Promise.allSettled([take(entries, wanted, folder), fed]);
  const failed = [reading, feeding].find((each) => each.status === 'rejected');
  if (failed) {
    if (isFileProblem(failed.reason, folder)) throw failed.reason;
    throw useless(version, (failed.reason as Error).message, failed.reason);
  }
  if (wanted.size > 0) throw useless(version, `it has no ${[...wanted.keys()].join(' and no ')}`);
}

/** Takes out what is wanted; what is left in `wanted` was not there. */
async function take(entries: Extract, wanted: Map<string, string>, folder: string): Promise<void> {
  for await (const entry of entries) {
    const { name, type, size } = entry.header;
    const program = wanted.get(name.replace(/^\.\//, ''));
    if (program === undefined) {
      entry.resume();
      continue;
    }
    if (type !== 'file') throw new Error(`${name} in it is no file (${type})`);
    if (size > MAX_PROGRAM_BYTES) throw new Error(`${name} in it has ${size} bytes`);
    await pipeline(entry, createWriteStream(join(folder, program), { flags: 'wx', mode: 0o755 }));
    wanted.delete(name.replace(/^\.\//, ''));
  }
}

function bounded(): Transform {
  let bytes = 0;
  return new Transform({
    transform(piece: Buffer, _, done) {
      bytes += piece.length;
      done(bytes > MAX_BYTES ? new Error(`more than ${MAX_BYTES} bytes come out of it`) : null, piece);
    },
  });
}

function useless(version: string, why: string, cause?: unknown): DejaError {
  return new DejaError('DEJA_FIRECRACKER_ARCHIVE', `this is no archive of Firecracker ${version}: ${why}`, { hint: 'Take the archive from a release of Firecracker, for this machine.', cause });
}
