import { type Entry, fromBuffer, type ZipFile } from 'yauzl';
import type { Caps } from './caps.js';
import { refuse } from './package-error.js';

/** An entry of a zip whose place, size and kind have been checked; its content has not been looked at. */
export interface ListedEntry {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly size: number;
  /** Where its local header begins. */
  readonly at: number;
  /** Where its packed bytes lie in the file. */
  readonly start: number;
  readonly end: number;
}

const STORED = 0;
const DEFLATED = 8;
const ENCRYPTED = 1;
const LOCAL_HEADER = 30;
const KIND_MASK = 0o170000;
const REGULAR = 0o100000;
const FOLDER = 0o040000;

/** The entries of a zip by name, from its directory alone. Throws `DEJA_PACKAGE_*` for whatever Deja would not have written. */
export async function listEntries(file: Buffer, name: string, caps: Caps): Promise<ReadonlyMap<string, ListedEntry>> {
  if (file.length === 0) throw refuse('TRUNCATED', name, 'is empty');
  const begin = Buffer.from('PK\u0003\u0004');
  if (!file.subarray(0, begin.length).equals(begin.subarray(0, file.length))) throw refuse('FOREIGN', name, 'is not an error package (it does not begin like a zip file)');
  const zip = await open(file, name);
  if (zip.entryCount > caps.entries) throw refuse('TOO_LARGE', name, `has ${zip.entryCount} entries; the limit is ${caps.entries}`);
  const entries = new Map<string, ListedEntry>();
  let total = 0;
  for await (const raw of eachEntry(zip, name)) {
    const entry = checkEntry(file, raw, name, caps);
    if (entries.has(entry.name)) throw refuse('UNSAFE', name, `has two entries named ${entry.name}`);
    total += entry.size;
    if (total > caps.totalBytes) throw refuse('TOO_LARGE', name, `would unpack to more than ${caps.totalBytes} bytes`);
    entries.set(entry.name, entry);
  }
  checkOverlap([...entries.values()], name);
  return entries;
}

function open(file: Buffer, name: string): Promise<ZipFile> {
  return new Promise((resolve, reject) => {
    fromBuffer(file, { lazyEntries: true, decodeStrings: false, validateEntrySizes: true }, (error, zip) => {
      if (!error) resolve(zip);
      else if (error.message.includes('End of central directory')) reject(refuse('TRUNCATED', name, 'is cut off: the end of the zip file is missing', error));
      else reject(refuse('DAMAGED', name, `is not a sound zip file (${error.message})`, error));
    });
  });
}

async function* eachEntry(zip: ZipFile, name: string): AsyncGenerator<Entry> {
  for (;;) {
    const entry = await new Promise<Entry | null>((resolve, reject) => {
      zip.removeAllListeners();
      zip.on('entry', resolve);
      zip.on('end', () => resolve(null));
      zip.on('error', (error: Error) => reject(refuse('DAMAGED', name, `is not a sound zip file (${error.message})`, error)));
      zip.readEntry();
    });
    if (entry === null) return;
    yield entry;
  }
}

function checkEntry(file: Buffer, raw: Entry, pkg: string, caps: Caps): ListedEntry {
  // Undecoded names are bytes; every name Deja writes is ASCII, and latin1 keeps any other visible without failing.
  const name = Buffer.from(raw.fileName as unknown as Uint8Array).toString('latin1');
  const shown = name.length > 80 ? `${name.slice(0, 80)}…` : name;
  if (isEscape(name)) throw refuse('UNSAFE', pkg, `entry ${shown} points outside the package`);
  const kind = (raw.externalFileAttributes >>> 16) & KIND_MASK;
  if (kind !== 0 && kind !== REGULAR && !(kind === FOLDER && name.endsWith('/'))) throw refuse('UNSAFE', pkg, `entry ${shown} is a link or a special file`);
  if (raw.generalPurposeBitFlag & ENCRYPTED) throw refuse('DAMAGED', pkg, `entry ${shown} is encrypted`);
  if (raw.compressionMethod !== STORED && raw.compressionMethod !== DEFLATED) throw refuse('DAMAGED', pkg, `entry ${shown} is packed with unknown method ${raw.compressionMethod}`);
  if (raw.uncompressedSize > caps.entryBytes) throw refuse('TOO_LARGE', pkg, `entry ${shown} would unpack to ${raw.uncompressedSize} bytes; the limit is ${caps.entryBytes}`);
  const at = raw.relativeOffsetOfLocalHeader;
  if (at + LOCAL_HEADER > file.length || file.readUInt32LE(at) !== 0x04034b50) throw refuse('DAMAGED', pkg, `entry ${shown} lies outside the file`);
  const start = at + LOCAL_HEADER + file.readUInt16LE(at + 26) + file.readUInt16LE(at + 28);
  const end = start + raw.compressedSize;
  if (end > file.length) throw refuse('TRUNCATED', pkg, `is cut off within entry ${shown}`);
  return { name, method: raw.compressionMethod, crc: raw.crc32, size: raw.uncompressedSize, at, start, end };
}

function isEscape(name: string): boolean {
  return name.startsWith('/') || name.includes('\\') || name.includes('\0') || /^[A-Za-z]:/.test(name) || name.split('/').includes('..');
}

/** Entries that share packed bytes are how a small file claims to hold a huge one. */
function checkOverlap(entries: readonly ListedEntry[], pkg: string): void {
  const ordered = entries.toSorted((a, b) => a.at - b.at);
  let end = 0;
  for (const entry of ordered) {
    if (entry.at < end) throw refuse('UNSAFE', pkg, `entry ${entry.name} overlaps another`);
    end = entry.end;
  }
}
