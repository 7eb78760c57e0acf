import { DejaError } from '@deja/format';

/** Bytes of one frame at most, without its length field. */
export const MAX_FRAME = 64 * 1024 * 1024;
/** Bytes of a frame's JSON header at most. */
export const MAX_HEADER = 4 * 1024 * 1024;

/** One message: a small JSON object, and bytes. */
export interface Frame {
  readonly header: { readonly type: string; readonly [key: string]: unknown };
  readonly payload: Uint8Array;
}

const LENGTH_FIELDS = 8;

/**
 * The head of a frame; its payload follows as it is.
 *
 * @throws DejaError DEJA_FRAME_TOO_LARGE
 */
export function encodeFrameHead(header: Frame['header'], payloadLength: number): Buffer {
  const json = Buffer.from(JSON.stringify(header));
  const length = 4 + json.length + payloadLength;
  if (json.length > MAX_HEADER || length > MAX_FRAME) {
    throw new DejaError('DEJA_FRAME_TOO_LARGE', `a '${header.type}' message of ${length} bytes is larger than the ${MAX_FRAME} that may pass between host and sandbox`, {
      hint: 'Less data in the plan helps: fewer rows, smaller recorded bodies.',
    });
  }
  const head = Buffer.allocUnsafe(LENGTH_FIELDS + json.length);
  head.writeUInt32BE(length, 0);
  head.writeUInt32BE(json.length, 4);
  json.copy(head, LENGTH_FIELDS);
  return head;
}

/** Cuts a byte stream into frames, wherever its chunks were split. Keeps at most one incomplete frame. */
export class FrameDecoder {
  #chunks: Uint8Array[] = [];
  #buffered = 0;

  /**
   * The frames that this chunk completed.
   *
   * @throws DejaError DEJA_FRAME_INVALID: the peer does not speak the protocol; nothing after this can be understood.
   */
  push(chunk: Uint8Array): Frame[] {
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
    const frames: Frame[] = [];
    for (;;) {
      const wanted = this.#wanted();
      if (wanted === null || this.#buffered < wanted) return frames;
      frames.push(parseFrame(this.#take(wanted)));
    }
  }

  /** Whether the stream may end here. */
  get between(): boolean {
    return this.#buffered === 0;
  }

  /** Length of the next frame with its length field, as soon as it is known. */
  #wanted(): number | null {
    if (this.#buffered < LENGTH_FIELDS) return null;
    const fields = this.#peek(LENGTH_FIELDS);
    const length = fields.readUInt32BE(0);
    const header = fields.readUInt32BE(4);
    if (length > MAX_FRAME || header > MAX_HEADER || header + 4 > length) {
      throw new DejaError('DEJA_FRAME_INVALID', `the other side sent a frame of ${length} bytes with a header of ${header}: not this protocol`);
    }
    return length + 4;
  }

  #peek(length: number): Buffer {
    const first = this.#chunks[0];
    if (first && first.length >= length) return Buffer.from(first.buffer, first.byteOffset, length);
    return this.#join().subarray(0, length);
  }

  #take(length: number): Buffer {
    const all = this.#join();
    const rest = all.subarray(length);
    this.#chunks = rest.length > 0 ? [rest] : [];
    this.#buffered = rest.length;
    return all.subarray(0, length);
  }

  #join(): Buffer {
    const only = this.#chunks[0];
    const all = this.#chunks.length === 1 && only ? Buffer.from(only.buffer, only.byteOffset, only.length) : Buffer.concat(this.#chunks);
    this.#chunks = [all];
    return all;
  }
}

function parseFrame(bytes: Buffer): Frame {
  const end = LENGTH_FIELDS + bytes.readUInt32BE(4);
  let header: unknown;
  try {
    header = JSON.parse(bytes.toString('utf8', LENGTH_FIELDS, end));
  } catch (cause) {
    throw new DejaError('DEJA_FRAME_INVALID', 'the other side sent a frame whose header is not JSON', { cause });
  }
  if (!isHeader(header)) throw new DejaError('DEJA_FRAME_INVALID', 'the other side sent a frame without a type');
  return { header, payload: bytes.subarray(end) };
}

function isHeader(value: unknown): value is Frame['header'] {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}
