import { gzipSync, zstdCompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { LZ4_LEGACY_MAGIC } from './lz4.js';
import { vmlinuxOf } from './vmlinux.js';

const KERNEL = Buffer.concat([Buffer.from('\x7fELF', 'latin1'), Buffer.from('kernel kernel kernel '.repeat(500))]);

/** As the boot protocol has it: the header says where the packed kernel is. */
function bzImage(packed: Uint8Array): Buffer {
  const sectors = 3;
  const image = Buffer.alloc((sectors + 1) * 512 + 64 + packed.length + 32);
  image[0x1f1] = sectors;
  image.write('HdrS', 0x202, 'latin1');
  image.writeUInt32LE(64, 0x248);
  image.writeUInt32LE(packed.length, 0x24c);
  image.set(packed, (sectors + 1) * 512 + 64);
  return image;
}

function long(length: number): readonly number[] {
  return [...Array<number>(Math.floor((length - 15) / 255)).fill(255), (length - 15) % 255];
}

/** One block: the first bytes as they are, then a copy that runs into itself, then the last as they are. */
function lz4(): Buffer {
  const pattern = 'kernel kernel kernel ';
  const head = KERNEL.subarray(0, 4 + pattern.length);
  const tail = KERNEL.subarray(-8);
  const copied = KERNEL.length - head.length - tail.length;
  const first = [0xff, ...long(head.length), ...head, pattern.length, 0, ...long(copied - 4)];
  const block = Buffer.from([...first, tail.length << 4, ...tail]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32LE(LZ4_LEGACY_MAGIC, 0);
  frame.writeUInt32LE(block.length, 4);
  // Linux puts the unpacked size behind it.
  const size = Buffer.alloc(4);
  size.writeUInt32LE(KERNEL.length);
  return Buffer.concat([frame, block, size]);
}

test('a kernel that is not packed is taken as it is', () => {
  expect(vmlinuxOf(KERNEL, 'vmlinux')).toBe(KERNEL);
});

test.each([
  ['gzip', gzipSync(KERNEL)],
  ['zstd', zstdCompressSync(KERNEL)],
  ['lz4', lz4()],
])('a kernel packed by %s is unpacked', (_, packed) => {
  expect(vmlinuxOf(bzImage(packed), 'vmlinuz').equals(KERNEL)).toBe(true);
});

test.each([
  ['no kernel', Buffer.from('hello'.repeat(300)), 'neither an ELF file nor a bzImage'],
  ['a short file', Buffer.alloc(3), 'neither'],
  ['a header that is cut off', bzImage(gzipSync(KERNEL)).subarray(0, 0x210), 'neither'],
  ['an unknown packing', bzImage(Buffer.from('unknown packing')), 'not known here'],
  ['half a kernel', bzImage(gzipSync(KERNEL).subarray(0, 40)), 'cannot be unpacked (gzip)'],
  ['half a kernel of the other kind', bzImage(lz4().subarray(0, 40)), 'cannot be unpacked (lz4)'],
  ['something else packed', bzImage(gzipSync('hello')), 'no ELF file'],
])('%s is refused by name', (_, image, message) => {
  expect(() => vmlinuxOf(image, '/boot/thing')).toThrow(expect.objectContaining({ code: 'DEJA_KERNEL_UNUSABLE', message: expect.stringMatching(/^\/boot\/thing /) as string }));
  expect(() => vmlinuxOf(image, '/boot/thing')).toThrow(message);
});
