import { inflateRawSync } from 'node:zlib';
import { crc32 } from '../writer/crc32.js';
import type { ListedEntry } from './list-entries.js';
import { refuse } from './package-error.js';

const DEFLATED = 8;

/** The content of an entry, never longer than its directory says. Stored content shares the file's memory. */
export function unpackEntry(file: Buffer, entry: ListedEntry, pkg: string): Buffer {
  const packed = file.subarray(entry.start, entry.end);
  const content = entry.method === DEFLATED ? inflate(packed, entry, pkg) : packed;
  if (content.length !== entry.size) throw refuse('DAMAGED', pkg, `entry ${entry.name} unpacks to ${content.length} bytes instead of ${entry.size}`);
  if (crc32(content) !== entry.crc) throw refuse('DAMAGED', pkg, `entry ${entry.name} is damaged (wrong checksum)`);
  return content;
}

function inflate(packed: Buffer, entry: ListedEntry, pkg: string): Buffer {
  try {
    // Node refuses a maximum of 0.
    return inflateRawSync(packed, { maxOutputLength: Math.max(entry.size, 1) });
  } catch (error) {
    const tooLong = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    throw tooLong
      ? refuse('UNSAFE', pkg, `entry ${entry.name} unpacks to more than the ${entry.size} bytes it declares`, error)
      : refuse('DAMAGED', pkg, `entry ${entry.name} cannot be unpacked`, error);
  }
}
