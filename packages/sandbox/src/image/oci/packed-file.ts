import { closeSync, createReadStream, openSync, readSync, statSync } from 'node:fs';
import { pipeline, type Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import type { Budget } from './budget.js';

const CHUNK = 256 * 1024;
const TAR_MAGIC_AT = 257;
const TAR_MAGIC = 'ustar';

/**
 * The content of a file, unpacked where it is gzip or zstd: its first bytes tell, whatever it is called.
 * Throws zlib's errors for what is cut off or damaged, DEJA_IMAGE_TOO_LARGE.
 */
export async function* unpackedBytes(path: string, budget: Budget): AsyncGenerator<Buffer> {
  const { size } = statSync(path);
  let unpacked = 0;
  for await (const chunk of contentOf(path, size)) {
    unpacked += chunk.length;
    budget.countBytes(chunk.length, size, unpacked);
    yield chunk;
  }
}

function contentOf(path: string, size: number): AsyncIterable<Buffer> {
  switch (packingOf(path)) {
    case 'gzip':
      return through(createGunzip({ chunkSize: CHUNK }), path, 0);
    case 'zstd':
      return framesOf(path, size);
    case 'tar':
    case undefined:
      return createReadStream(path, { highWaterMark: CHUNK }) as AsyncIterable<Buffer>;
  }
}

/** Node's decompressor ends with the first frame: writers of images begin a new one for every part that may be fetched by itself. */
async function* framesOf(path: string, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < size; ) {
    const frame = createZstdDecompress({ chunkSize: CHUNK });
    yield* through(frame, path, at);
    if (frame.bytesWritten === 0) throw new Error('it cannot be unpacked any further');
    at += frame.bytesWritten;
  }
}

function through(unpacking: Transform, path: string, start: number): AsyncIterable<Buffer> {
  // Errors of both come out of what is read from the second.
  pipeline(createReadStream(path, { start, highWaterMark: CHUNK }), unpacking, () => undefined);
  return unpacking as AsyncIterable<Buffer>;
}

/** How a file is packed, if it may be an archive at all. */
export function packingOf(path: string): 'tar' | 'gzip' | 'zstd' | undefined {
  const head = Buffer.alloc(TAR_MAGIC_AT + TAR_MAGIC.length);
  const file = openSync(path, 'r');
  try {
    readSync(file, head, 0, head.length, 0);
  } finally {
    closeSync(file);
  }
  if (head.readUInt16BE(0) === 0x1f8b) return 'gzip';
  if (head.readUInt32LE(0) === 0xfd2fb528) return 'zstd';
  return head.toString('latin1', TAR_MAGIC_AT) === TAR_MAGIC ? 'tar' : undefined;
}
