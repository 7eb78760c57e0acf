/** WebSocket frames (RFC 6455, section 5). */
export const OPCODES = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface WebSocketFrame {
  readonly fin: boolean;
  /** The first reserved bit: the message is compressed. */
  readonly compressed: boolean;
  readonly opcode: number;
  readonly masked: boolean;
  /** Without its mask. */
  readonly payload: Buffer;
}

/** Bytes on the wire. `mask`: as clients have to. */
export function encodeFrame(frame: Omit<WebSocketFrame, 'masked'>, mask?: Uint8Array): Buffer {
  const { length } = frame.payload;
  const extended = length < 126 ? 0 : length < 0x10000 ? 2 : 8;
  const head = Buffer.alloc(2 + extended + (mask ? 4 : 0));
  head[0] = (frame.fin ? 0x80 : 0) | (frame.compressed ? 0x40 : 0) | frame.opcode;
  head[1] = (mask ? 0x80 : 0) | (extended === 0 ? length : extended === 2 ? 126 : 127);
  if (extended === 2) head.writeUInt16BE(length, 2);
  if (extended === 8) head.writeBigUInt64BE(BigInt(length), 2);
  if (!mask) return Buffer.concat([head, frame.payload]);
  head.set(mask, 2 + extended);
  return Buffer.concat([head, masked(frame.payload, mask)]);
}

/** Putting a mask on and taking it off are the same. */
export function masked(payload: Uint8Array, mask: Uint8Array): Buffer {
  const result = Buffer.from(payload);
  for (let index = 0; index < result.length; index++) result[index] = (result[index] ?? 0) ^ (mask[index & 3] ?? 0);
  return result;
}

/** The payload of a close frame. */
export function closePayload(code: number | undefined, reason: string): Buffer {
  if (code === undefined) return Buffer.alloc(0);
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(code);
  return Buffer.concat([payload, Buffer.from(reason)]);
}
