export type * from './plan.js';
export type * from './protocol.js';
export { PROTOCOL_VERSION } from './protocol.js';
export { FrameChannel } from './channel.js';
export type { FrameListener } from './channel.js';
export { MAX_FRAME, MAX_HEADER } from './frames.js';
export type { Frame } from './frames.js';
export { AGENT_ENTRY } from './entry.js';
