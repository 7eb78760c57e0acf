export type * from './plan.js';
export type * from './protocol.js';
