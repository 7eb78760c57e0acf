import { spawnSync } from 'node:child_process';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { DejaError } from '@deja/format';
import { LZ4_LEGACY_MAGIC, unpackLz4Legacy } from './lz4.js';

const ELF = Buffer.from([0x7f, 0x45, 0x4c, 0x46]);
const MAX_BYTES = 512 * 1024 * 1024;
/** Where the header of a bzImage says what it is. */
const SETUP_MAGIC = 0x202;
/** What is read of that header ends here. */
const HEADER_END = 0x250;

interface Packing {
  readonly name: string;
  readonly magic: Buffer;
  unpack(packed: Buffer): Buffer;
}

const PACKINGS: readonly Packing[] = [
  { name: 'lz4', magic: uint32(LZ4_LEGACY_MAGIC), unpack: (packed) => unpackLz4Legacy(packed, MAX_BYTES) },
  { name: 'gzip', magic: Buffer.from([0x1f, 0x8b, 0x08]), unpack: (packed) => gunzipSync(packed, { maxOutputLength: MAX_BYTES }) },
  { name: 'zstd', magic: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), unpack: (packed) => zstdDecompressSync(packed, { maxOutputLength: MAX_BYTES }) },
  { name: 'xz', magic: Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]), unpack: unpackXz },
];

/**
 * The kernel proper of a bzImage, which boots faster than one that has to unpack itself, and is what Firecracker takes.
 * A `vmlinux` is given back as it is.
 *
 * @throws DejaError DEJA_KERNEL_UNUSABLE
 */
export function vmlinuxOf(image: Buffer, name: string): Buffer {
  if (image.subarray(0, 4).equals(ELF)) return image;
  if (image.length < HEADER_END || image.toString('latin1', SETUP_MAGIC, SETUP_MAGIC + 4) !== 'HdrS') {
    throw new DejaError('DEJA_KERNEL_UNUSABLE', `${name} is no Linux kernel: neither an ELF file nor a bzImage`, { hint: 'Give a vmlinux or a bzImage for x86-64: DEJA_KERNEL=/path/to/vmlinux' });
  }
  const { offset, length } = payload(image);
  const packed = image.subarray(offset, offset + length);
  const packing = PACKINGS.find(({ magic }) => packed.subarray(0, magic.length).equals(magic));
  if (packing === undefined) throw new DejaError('DEJA_KERNEL_UNUSABLE', `${name} is compressed in a way that is not known here`, { hint: 'Give its vmlinux: DEJA_KERNEL=/path/to/vmlinux' });
  try {
    const kernel = packing.unpack(packed);
    if (kernel.subarray(0, 4).equals(ELF)) return kernel;
    throw new RangeError('what it unpacks to is no ELF file');
  } catch (cause) {
    throw new DejaError('DEJA_KERNEL_UNUSABLE', `${name} cannot be unpacked (${packing.name}): ${(cause as Error).message}`, { cause, hint: 'The file may be damaged: get it again.' });
  }
}

/** The boot protocol (2.08 and later) says where in the file the compressed kernel is. */
function payload(image: Buffer): { readonly offset: number; readonly length: number } {
  const sectors = image.readUInt8(0x1f1) || 4;
  return { offset: (sectors + 1) * 512 + image.readUInt32LE(0x248), length: image.readUInt32LE(0x24c) };
}

/** Node does not know this one. */
function unpackXz(packed: Buffer): Buffer {
  const { error, status, stdout, stderr } = spawnSync('xz', ['-dc', '--single-stream'], { input: packed, maxBuffer: MAX_BYTES });
  if (error) throw error;
  // What follows the stream in a kernel makes xz end with a warning.
  if (stdout.length === 0) throw new RangeError(stderr.toString().trim() || `xz ended with ${status}`);
  return stdout;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
