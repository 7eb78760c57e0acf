import type { WebSocketMessage } from '@deja/format';
import { type AssembledMessage, MessageAssembler, WebSocketFrameParser } from '@deja/wire/websocket';
import { rounded } from '../../core/clock.js';
import type { Packing } from '../../core/recorder.js';
import type { TappedPiece } from './tap.js';

const LARGEST = 64 * 1024 * 1024;

interface Side {
  readonly parser: WebSocketFrameParser;
  readonly assembler: MessageAssembler;
  /** When the fragments of the message under way came. */
  at: number[];
}

/** The bytes of both sides as messages, in the order in which the client saw them whole. `headAt`: their zero. */
export function messagesOf(pieces: readonly TappedPiece[], headAt: number, pack: Packing): readonly WebSocketMessage[] {
  const messages: WebSocketMessage[] = [];
  const sides = { client: newSide(), server: newSide() };
  try {
    for (const { from, at, bytes } of pieces) {
      const side = sides[from];
      for (const frame of side.parser.push(bytes)) {
        const control = frame.opcode >= 8;
        if (!control) side.at.push(at);
        const message = side.assembler.push(frame);
        if (!message) continue;
        messages.push(told(from, message, control ? [at] : side.at, headAt, pack));
        if (!control) side.at = [];
      }
    }
  } catch (error) {
    pack.limit(`messages of a WebSocket after the first ${messages.length} could not be read: ${error instanceof Error ? error.message : String(error)}`);
    return messages;
  }
  for (const from of ['client', 'server'] as const) {
    const rest = sides[from].assembler.unfinished();
    if (rest) messages.push({ ...told(from, rest, sides[from].at, headAt, pack), unfinished: true });
  }
  return messages;
}

function newSide(): Side {
  return { parser: new WebSocketFrameParser(LARGEST), assembler: new MessageAssembler(LARGEST), at: [] };
}

function told(from: 'client' | 'server', message: AssembledMessage, times: readonly number[], headAt: number, pack: Packing): WebSocketMessage {
  const { type, data, code, compressed, fragments } = message;
  const since = (at: number | undefined): number => rounded((at ?? headAt) - headAt);
  const shared = { from, ms: since(times.at(-1)), type };
  if (type === 'close') return { ...shared, ...(code === undefined ? {} : { code, reason: data.toString() }) };
  return {
    ...shared,
    ...(data.length > 0 || type === 'text' || type === 'binary' ? { body: pack.body([data], looksLikeJson(type, data) ? 'application/json' : undefined) } : {}),
    ...(compressed ? { compressed } : {}),
    ...(fragments.length > 1 ? { fragments: fragments.map((bytes, index) => [since(times[index]), bytes] as const) } : {}),
  };
}

/** Names inside of JSON tell what is secret. */
function looksLikeJson(type: AssembledMessage['type'], data: Buffer): boolean {
  return type === 'text' && (data[0] === 0x7b || data[0] === 0x5b);
}
