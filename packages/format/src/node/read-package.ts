import { basename } from 'node:path';
import type { ErrorPackage } from '../package.js';
import { sha256 } from '../writer/sha256.js';
import { BoundedJson } from './bounded-json.js';
import { DEFAULT_CAPS, type Caps } from './caps.js';
import { listEntries, type ListedEntry } from './list-entries.js';
import { loadBytes } from './load-bytes.js';
import { refuse } from './package-error.js';
import { unpackEntry } from './unpack-entry.js';
import { NEWEST_VERSION, readerOf } from './versions/index.js';

const BLOB = /^blobs\/sha256\/([0-9a-f]{64})$/;
/** Left by tools that unpack and pack again. */
const FOLDERS: ReadonlySet<string> = new Set(['blobs/', 'blobs/sha256/']);
const NEWLINE = 0x0a;

/**
 * Reads an error package of any released version, treating it as hostile, and upgrades it to the newest.
 * Throws `DejaError` with a `DEJA_PACKAGE_*` code and one line for everything that is not a sound package.
 */
export async function readPackage(pathOrBytes: string | Uint8Array, caps: Partial<Caps> = {}): Promise<ErrorPackage> {
  const bounds: Caps = { ...DEFAULT_CAPS, ...caps };
  const name = typeof pathOrBytes === 'string' ? basename(pathOrBytes) : 'the package';
  const file = typeof pathOrBytes === 'string' ? await loadBytes(pathOrBytes, bounds.fileBytes) : Buffer.from(pathOrBytes.buffer, pathOrBytes.byteOffset, pathOrBytes.byteLength);
  if (file.length > bounds.fileBytes) throw refuse('TOO_LARGE', name, `has ${file.length} bytes; the limit is ${bounds.fileBytes}`);
  const entries = await listEntries(file, name, bounds);
  const json = new BoundedJson(name, bounds);

  const manifestEntry = entries.get('manifest.json');
  if (!manifestEntry) throw refuse('FOREIGN', name, 'is a zip file but not an error package (it has no manifest.json)');
  const manifest = json.parse(unpackEntry(file, manifestEntry, name), 'manifest.json');
  const version = versionOf(manifest);
  if (version === null) throw refuse('FOREIGN', name, 'is a zip file but not an error package (its manifest.json names no "deja" version)');
  const reader = readerOf(version);
  if (!reader) throw refuse('VERSION', name, `has format version ${version}; this Deja reads up to version ${NEWEST_VERSION}`);

  const parsed: Record<string, unknown> = { 'manifest.json': manifest };
  const blobs = new Map<string, Uint8Array>();
  for (const entry of entries.values()) {
    if (entry === manifestEntry || FOLDERS.has(entry.name)) continue;
    const hash = BLOB.exec(entry.name)?.[1];
    if (hash !== undefined) blobs.set(hash, readBlob(file, entry, hash, name));
    else if (!reader.files.includes(entry.name)) throw refuse('UNSAFE', name, `has an entry ${entry.name.slice(0, 80)} that no package has`);
    else {
      if (entry.size > bounds.jsonBytes) throw refuse('TOO_LARGE', name, `entry ${entry.name} would unpack to ${entry.size} bytes; the limit for JSON is ${bounds.jsonBytes}`);
      parsed[entry.name] = readJson(unpackEntry(file, entry, name), entry.name, name, bounds.events, json);
    }
  }
  const missing = reader.files.find((file) => !Object.hasOwn(parsed, file));
  if (missing !== undefined) throw refuse('DAMAGED', name, `has no ${missing}`);
  return reader.read({ json: parsed, blobs }, name);
}

function versionOf(manifest: unknown): number | null {
  if (typeof manifest !== 'object' || manifest === null || !('deja' in manifest)) return null;
  const match = /^package\/([1-9]\d{0,5})$/.exec(String(manifest.deja));
  return match ? Number(match[1]) : null;
}

function readBlob(file: Buffer, entry: ListedEntry, hash: string, name: string): Uint8Array {
  const bytes = unpackEntry(file, entry, name);
  if (sha256(bytes) !== hash) throw refuse('DAMAGED', name, `entry ${entry.name} has other content than its name says`);
  return bytes;
}

function readJson(bytes: Buffer, name: string, pkg: string, maxLines: number, json: BoundedJson): unknown {
  if (!name.endsWith('.jsonl')) return json.parse(bytes, name);
  const lines: unknown[] = [];
  for (let start = 0; start < bytes.length; ) {
    if (lines.length === maxLines) throw refuse('TOO_LARGE', pkg, `${name} has more than ${maxLines} lines`);
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline === -1 ? bytes.length : newline;
    lines.push(json.parse(bytes.subarray(start, end), `${name} line ${lines.length + 1}`));
    start = end + 1;
  }
  return lines;
}
