export type * from './event.js';
export type * from './timeline.js';
export type * from './failure.js';
export type * from './context.js';
export type * from './package.js';
export { FORMAT_VERSION } from './package.js';
export { DejaError } from './error.js';
export type * from './replay.js';
