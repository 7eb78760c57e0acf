import { ByteQueue } from '../byte-queue.js';
import { WireError } from '../error.js';

/** So long a packet says that another one goes on with it. */
const FULL = 0xffffff;
const MAX_PAYLOAD = 1024 * 1024 * 1024;

/** A message of the protocol, which may have come in several packets. */
export interface MysqlPacket {
  /** Of the last packet that it came in; the answer goes on from there. */
  readonly sequence: number;
  readonly payload: Buffer;
  /** As it came, for passing it on. */
  readonly raw: Buffer;
}

/** Packets of either side. Takes any split of the bytes; they are asked for one by one, for what follows one may be encrypted. */
export class MysqlPacketParser {
  readonly #queue = new ByteQueue();
  /** Bytes that must be there before it is worth looking again. */
  #need = 4;

  push(chunk: Uint8Array): void {
    this.#queue.push(chunk);
  }

  /** The next whole message; null until it is there. Throws `WireError` when there is no end to it. */
  next(): MysqlPacket | null {
    if (this.#queue.length < this.#need) return null;
    const bytes = this.#queue.view();
    const parts: Buffer[] = [];
    for (let at = 0; ; ) {
      this.#need = at + 4;
      if (bytes.length < this.#need) return null;
      const size = bytes.readUIntLE(at, 3);
      this.#need += size;
      if (this.#need > MAX_PAYLOAD) throw new WireError('MySQL', `a message of more than ${MAX_PAYLOAD} bytes`);
      if (bytes.length < this.#need) return null;
      const sequence = bytes[at + 3] ?? 0;
      parts.push(bytes.subarray(at + 4, at + 4 + size));
      at += 4 + size;
      if (size === FULL) continue;
      const [only] = parts;
      const packet = { sequence, payload: parts.length === 1 && only ? only : Buffer.concat(parts), raw: bytes.subarray(0, at) };
      this.#queue.drop(at);
      this.#need = 4;
      return packet;
    }
  }

  /** Takes away what has not been asked for. */
  rest(): Buffer {
    const bytes = this.#queue.view();
    this.#queue.drop(bytes.length);
    this.#need = 4;
    return bytes;
  }
}

/** Payloads in packets, numbered from `first` on. */
export function mysqlPackets(payloads: readonly Buffer[], first: number): Buffer {
  const pieces: Buffer[] = [];
  let sequence = first;
  for (const payload of payloads) {
    for (let at = 0; ; at += FULL) {
      const part = payload.subarray(at, at + FULL);
      const head = Buffer.alloc(4);
      head.writeUIntLE(part.length, 0, 3);
      head[3] = sequence++ & 0xff;
      pieces.push(head, part);
      if (part.length < FULL) break;
    }
  }
  return Buffer.concat(pieces);
}
