import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';

/** What a sender leaves out at the end of every message (RFC 7692, section 7.2.1). */
const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff]);
const WINDOW = 32 * 1024;

/** Takes the compression off the messages of one side, each of which may refer to those before. */
export class MessageInflater {
  #window: Buffer = Buffer.alloc(0);

  /** Throws when the data is damaged or has more than `largest` bytes. */
  inflate(payload: Uint8Array, largest: number): Buffer {
    const dictionary = this.#window.length > 0 ? { dictionary: this.#window } : {};
    const message = inflateRawSync(Buffer.concat([payload, TAIL]), { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: largest, ...dictionary });
    const seen = Buffer.concat([this.#window, message]);
    this.#window = seen.subarray(Math.max(0, seen.length - WINDOW));
    return message;
  }
}

/** A message that refers to none before, so that every receiver can read it. `windowBits`: 8 to 15, as negotiated. */
export function deflateMessage(message: Uint8Array, windowBits: number): Buffer {
  // zlib has no window of 8 bits; it writes one of 9 for it, which a receiver of 8 may refuse: stored blocks need none.
  const level = windowBits < 9 ? { level: 0 } : { windowBits };
  const deflated = deflateRawSync(message, { finishFlush: constants.Z_SYNC_FLUSH, ...level });
  return deflated.subarray(0, deflated.length - TAIL.length);
}
