import { ByteQueue } from '../byte-queue.js';
import { WireError } from '../error.js';
import { masked, type WebSocketFrame } from './frame.js';

/** Frames out of a stream of bytes, of a client or a server. */
export class WebSocketFrameParser {
  readonly #largest: number;
  readonly #queue = new ByteQueue();

  #wanted = 0;

  /** `largest`: bytes of payload in one frame. */
  constructor(largest: number) {
    this.#largest = largest;
  }

  /** The frames that are whole with `bytes`. Throws `WireError` for what is no frame, or too large a one. */
  push(bytes: Uint8Array): WebSocketFrame[] {
    this.#queue.push(bytes);
    const frames: WebSocketFrame[] = [];
    for (;;) {
      const next = this.#next();
      if (!next) return frames;
      frames.push(next);
    }
  }

  #next(): WebSocketFrame | null {
    // Until a large frame is whole, its pieces are not joined.
    if (this.#queue.length < this.#wanted) return null;
    const bytes = this.#queue.view();
    if (bytes.length < 2) return null;
    const [first = 0, second = 0] = bytes;
    if ((first & 0x30) !== 0) throw new WireError('WebSocket', `a frame begins with 0x${first.toString(16)}`);
    const short = second & 0x7f;
    const extended = short < 126 ? 0 : short === 126 ? 2 : 8;
    const isMasked = (second & 0x80) !== 0;
    const head = 2 + extended + (isMasked ? 4 : 0);
    if (bytes.length < head) return null;
    const length = extended === 0 ? short : extended === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
    if (length > this.#largest) throw new WireError('WebSocket', `a frame of ${length} bytes`);
    this.#wanted = head + length;
    if (bytes.length < head + length) return null;
    this.#wanted = 0;
    this.#queue.drop(head + length);
    const payload = bytes.subarray(head, head + length);
    return {
      fin: (first & 0x80) !== 0,
      compressed: (first & 0x40) !== 0,
      opcode: first & 0x0f,
      masked: isMasked,
      payload: isMasked ? masked(payload, bytes.subarray(head - 4, head)) : payload,
    };
  }
}
