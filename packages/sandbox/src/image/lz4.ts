/** Bytes in front of the blocks of the format in which `lz4 -l` writes, and Linux compresses its kernels. */
export const LZ4_LEGACY_MAGIC = 0x184c2102;

/** Unpacks LZ4's legacy format, up to whatever follows its last block. Throws RangeError when it is damaged. */
export function unpackLz4Legacy(packed: Buffer, maxBytes: number): Buffer {
  const blocks: Buffer[] = [];
  let total = 0;
  for (let at = 4; at + 4 <= packed.length; ) {
    const size = packed.readUInt32LE(at);
    at += 4;
    // Linux puts the unpacked size behind the blocks: no block can be that long.
    if (size === 0 || at + size > packed.length) break;
    const block = unpackBlock(packed.subarray(at, at + size));
    total += block.length;
    if (total > maxBytes) throw new RangeError(`unpacks to more than ${maxBytes} bytes`);
    blocks.push(block);
    at += size;
  }
  return Buffer.concat(blocks);
}

const BLOCK_BYTES = 8 * 1024 * 1024;
const LONG = 15;

/** One block: literals and copies of what came before, in turn. */
function unpackBlock(packed: Buffer): Buffer {
  const out = Buffer.allocUnsafe(BLOCK_BYTES);
  let at = 0;
  let end = 0;
  const length = (first: number): number => {
    let sum = first;
    if (first !== LONG) return sum;
    for (let more = 255; more === 255; ) {
      more = packed.readUInt8(at++);
      sum += more;
    }
    return sum;
  };
  while (at < packed.length) {
    const token = packed.readUInt8(at++);
    const literals = length(token >> 4);
    if (at + literals > packed.length || end + literals > BLOCK_BYTES) throw new RangeError('a block of LZ4 is damaged');
    packed.copy(out, end, at, at + literals);
    at += literals;
    end += literals;
    if (at >= packed.length) break;
    const distance = packed.readUInt16LE(at);
    at += 2;
    const count = length(token & LONG) + 4;
    if (distance === 0 || distance > end || end + count > BLOCK_BYTES) throw new RangeError('a block of LZ4 is damaged');
    // A copy may run into what it is just writing: only then byte by byte.
    if (distance >= count) out.copy(out, end, end - distance, end - distance + count);
    else for (let index = 0; index < count; index += 1) out[end + index] = out[end + index - distance] ?? 0;
    end += count;
  }
  return out.subarray(0, end);
}
