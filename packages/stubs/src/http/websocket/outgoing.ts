import type { WebSocketMessage } from '@deja/format';
import { closePayload, deflateMessage, encodeFrame, OPCODES } from '@deja/wire/websocket';

/** The largest payload of a control frame. */
const CONTROL = 125;
const LARGEST_WINDOW = 15;

/** The window that a server may refer back to: what was negotiated, at most. */
export function windowBits(extensions: string | undefined): number {
  return Number(/server_max_window_bits=(\d+)/.exec(extensions ?? '')?.[1] ?? LARGEST_WINDOW);
}

/** The frames of a server's message, each as its bytes on the wire. `body`: of the message, uncompressed. */
export function framesOf(message: WebSocketMessage, body: Buffer, bits: number): readonly Buffer[] {
  if (message.type === 'close') return [closeFrame(message.code, message.reason ?? '')];
  const compressed = message.compressed === true;
  const payload = compressed ? deflateMessage(body, bits) : body;
  const pieces = cut(payload, message.fragments?.map(([, bytes]) => bytes) ?? [], compressed);
  return pieces.map((piece, index) => encodeFrame({
    fin: index === pieces.length - 1 && message.unfinished !== true,
    compressed: compressed && index === 0,
    opcode: index === 0 ? OPCODES[message.type] : OPCODES.continuation,
    payload: piece,
  }));
}

export function closeFrame(code: number | undefined, reason: string): Buffer {
  return encodeFrame({ fin: true, compressed: false, opcode: OPCODES.close, payload: closePayload(code, shortened(reason)) });
}

export function pongFrame(payload: Buffer): Buffer {
  return encodeFrame({ fin: true, compressed: false, opcode: OPCODES.pong, payload });
}

/** As many pieces as there were fragments; compressed anew they have other sizes. */
function cut(payload: Buffer, sizes: readonly number[], compressed: boolean): readonly Buffer[] {
  if (sizes.length < 2) return [payload];
  const even = Math.ceil(payload.length / sizes.length);
  const pieces: Buffer[] = [];
  let at = 0;
  for (const [index, size] of sizes.entries()) {
    const end = index === sizes.length - 1 ? payload.length : at + (compressed ? even : size);
    pieces.push(payload.subarray(at, end));
    at = Math.min(end, payload.length);
  }
  return pieces;
}

function shortened(reason: string): string {
  let text = reason;
  while (Buffer.byteLength(text) > CONTROL - 2) text = text.slice(0, -1);
  return text;
}
