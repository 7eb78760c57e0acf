import { deflateRawSync } from 'node:zlib';
import { crc32 } from './crc32.js';

export interface ZipEntry {
  /** Printable ASCII, `/` between folders. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

const STORED = 0;
const DEFLATED = 8;
/** Zip 2.0: the first version that knows deflate and folders. */
const VERSION = 20;
const UNIX = 3;
/** 1980-01-01, the first day that zip can say: a real time would make equal packages differ. */
const DATE = 0x21;
const MODE = 0o100644;
/** The fastest level: JSON already shrinks about sixfold, and a dying process has to wait for it. */
const LEVEL = 1;
/** Below this the bytes of deflate's own frame and the call cost more than they save. */
const WORTH_DEFLATING = 128;

/** A zip of the entries in the given order; the same entries give the same bytes. */
export function zip(entries: readonly ZipEntry[]): Uint8Array {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const { name, bytes } of entries) {
    const deflated = bytes.length < WORTH_DEFLATING ? bytes : deflateRawSync(bytes, { level: LEVEL });
    const smaller = deflated.length < bytes.length;
    const data = smaller ? deflated : bytes;
    const common = commonHeader(name, smaller ? DEFLATED : STORED, crc32(bytes), data.length, bytes.length);
    const local = localHeader(common, name);
    directory.push(directoryHeader(common, name, offset));
    parts.push(local, data);
    offset += local.length + data.length;
  }
  const directorySize = directory.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([...parts, ...directory, endRecord(entries.length, directorySize, offset)]);
}

/** The 26 bytes that an entry's local and directory headers share. */
function commonHeader(name: string, method: number, crc: number, compressed: number, size: number): Buffer {
  const header = Buffer.alloc(26);
  header.writeUInt16LE(VERSION, 0);
  header.writeUInt16LE(method, 4);
  header.writeUInt16LE(DATE, 8);
  header.writeUInt32LE(crc, 10);
  header.writeUInt32LE(compressed, 14);
  header.writeUInt32LE(size, 18);
  header.writeUInt16LE(Buffer.byteLength(name), 22);
  return header;
}

function localHeader(common: Buffer, name: string): Buffer {
  return Buffer.concat([Buffer.from('PK\u0003\u0004'), common, Buffer.from(name)]);
}

function directoryHeader(common: Buffer, name: string, offset: number): Buffer {
  const madeBy = Buffer.from([VERSION, UNIX]);
  const rest = Buffer.alloc(14);
  rest.writeUInt32LE((MODE << 16) >>> 0, 6);
  rest.writeUInt32LE(offset, 10);
  return Buffer.concat([Buffer.from('PK\u0001\u0002'), madeBy, common, rest, Buffer.from(name)]);
}

function endRecord(count: number, directorySize: number, directoryOffset: number): Buffer {
  const record = Buffer.alloc(22);
  record.write('PK\u0005\u0006');
  record.writeUInt16LE(count, 8);
  record.writeUInt16LE(count, 10);
  record.writeUInt32LE(directorySize, 12);
  record.writeUInt32LE(directoryOffset, 16);
  return record;
}
