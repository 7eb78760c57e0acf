export { deflateMessage, MessageInflater } from './deflate.js';
export { closePayload, encodeFrame, OPCODES, type WebSocketFrame } from './frame.js';
export { WebSocketFrameParser } from './frame-parser.js';
export { type AssembledMessage, MessageAssembler, type MessageType } from './messages.js';
