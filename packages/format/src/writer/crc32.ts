import zlib from 'node:zlib';

const TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** For Node 20 before 20.15, whose zlib has no `crc32`. */
export function crc32ByTable(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (TABLE[(crc ^ byte) & 0xff] ?? 0);
  return (crc ^ 0xffffffff) >>> 0;
}

const native: ((bytes: Uint8Array) => number) | undefined = zlib.crc32;

/** The checksum that zip entries carry, unsigned. */
export const crc32: (bytes: Uint8Array) => number = native ? (bytes) => native(bytes) : crc32ByTable;
