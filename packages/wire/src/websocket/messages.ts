import { MessageInflater } from './deflate.js';
import { OPCODES, type WebSocketFrame } from './frame.js';

export type MessageType = 'text' | 'binary' | 'ping' | 'pong' | 'close';

/** A message of one side, or a control frame. */
export interface AssembledMessage {
  readonly type: MessageType;
  /** Fragments joined, compression undone; of a close frame what stands after its code. */
  readonly data: Buffer;
  readonly code?: number;
  readonly compressed: boolean;
  /** Bytes of payload of each fragment, as on the wire. */
  readonly fragments: readonly number[];
}

const TYPES: ReadonlyMap<number, MessageType> = new Map([
  [OPCODES.text, 'text'],
  [OPCODES.binary, 'binary'],
  [OPCODES.close, 'close'],
  [OPCODES.ping, 'ping'],
  [OPCODES.pong, 'pong'],
]);

/** Messages out of the frames of one side. */
export class MessageAssembler {
  readonly #largest: number;
  readonly #inflater = new MessageInflater();
  #begun: { readonly type: MessageType; readonly compressed: boolean; readonly parts: Buffer[] } | undefined = undefined;

  /** `largest`: bytes of one message. */
  constructor(largest: number) {
    this.#largest = largest;
  }

  /** The message that this frame completes, if it does. Throws when its compression is damaged. */
  push(frame: WebSocketFrame): AssembledMessage | null {
    const type = TYPES.get(frame.opcode);
    if (type === 'close' || type === 'ping' || type === 'pong') return control(type, frame);
    this.#begun ??= { type: type ?? 'binary', compressed: frame.compressed, parts: [] };
    this.#begun.parts.push(frame.payload);
    return frame.fin ? this.#finished() : null;
  }

  /** What had come of a message that the connection's end cut off. */
  unfinished(): AssembledMessage | null {
    try {
      return this.#begun ? this.#finished() : null;
    } catch {
      return null;
    }
  }

  #finished(): AssembledMessage | null {
    const begun = this.#begun;
    this.#begun = undefined;
    if (!begun) return null;
    const whole = Buffer.concat(begun.parts);
    const data = begun.compressed ? this.#inflater.inflate(whole, this.#largest) : whole;
    return { type: begun.type, data, compressed: begun.compressed, fragments: begun.parts.map((part) => part.length) };
  }
}

function control(type: MessageType, { payload }: WebSocketFrame): AssembledMessage {
  const shared = { type, compressed: false, fragments: [payload.length] };
  if (type !== 'close' || payload.length < 2) return { ...shared, data: payload };
  return { ...shared, code: payload.readUInt16BE(0), data: payload.subarray(2) };
}
