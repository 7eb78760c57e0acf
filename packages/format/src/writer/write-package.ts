import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { threadId } from 'node:worker_threads';
import type { ErrorPackage } from '../package.js';
import { canonicalJson } from './canonical-json.js';
import { makeFolder } from './make-folder.js';
import { zip, type ZipEntry } from './zip.js';

/**
 * The bytes of a package, synchronously: after an uncaught exception there is no later.
 * Equal content gives equal bytes (on one version of Node; compressors differ between versions).
 */
export function writePackage(pkg: ErrorPackage): Uint8Array {
  const timeline = pkg.timeline.toSorted((a, b) => a.seq - b.seq).map((event) => `${canonicalJson(event)}\n`);
  const blobs = [...pkg.blobs].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return zip([
    json('manifest.json', pkg.manifest),
    json('failure.json', pkg.failure),
    json('context.json', pkg.context),
    json('services.json', { databases: pkg.databases, servers: pkg.servers }),
    { name: 'timeline.jsonl', bytes: Buffer.from(timeline.join('')) },
    json('state.json', pkg.state),
    ...blobs.map(([hash, bytes]) => ({ name: `blobs/sha256/${hash}`, bytes })),
  ]);
}

/** Writes a package to a file that appears complete or not at all; makes the folder. Throws what the file system throws. */
export function writePackageFile(path: string, pkg: ErrorPackage): void {
  const temporary = `${path}.${process.pid}-${threadId}.tmp`;
  makeFolder(dirname(path));
  try {
    // `wx`: never through a file or link that somebody else laid there.
    writeFileSync(temporary, writePackage(pkg), { flag: 'wx', mode: 0o600 });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

function json(name: string, value: unknown): ZipEntry {
  return { name, bytes: Buffer.from(canonicalJson(value)) };
}
